"""The keys of the Annotate tab: its commands, what they say, and the keys they have unless a person chose others.

What the workbench's commands do is in `static/box_editor_keys.js`.
"""

from __future__ import annotations

from ui.keys import Command

_ARROWS = "move the box by 1 pixel; with Shift by 10; Alt: its right and lower side; Ctrl: its left and upper side"

KEYS = (
    Command("accept", ("a",), "accept the model's verdict and go on", hint="accept"),
    Command("adopt", ("x",), "adopt the model's box, or all of them", hint="adopt"),
    Command("newBox", ("n",), "new box", hint="new box"),
    Command("corner", ("c",), "corner here, and again for the other one"),
    Command("copy", ("v",), "copy the boxes of the case before"),
    Command("left", ("ArrowLeft",), _ARROWS, hint="nudge", held=True, modified=True),
    Command("right", ("ArrowRight",), _ARROWS, hint="nudge", held=True, modified=True),
    Command("up", ("ArrowUp",), _ARROWS, hint="nudge", held=True, modified=True),
    Command("down", ("ArrowDown",), _ARROWS, hint="nudge", held=True, modified=True),
    Command("", ("Shift drag",), "draw inside another box", fixed=True),
    Command("delete", ("Delete", "Backspace"), "delete the box"),
    Command("type", ("t",), "type of the box: search; two letters find each", hint="type"),
    Command("search", ("Shift+a…z",), "search the types by this letter"),
    Command("recent", ("2…9",), "a recent type"),
    Command("anomalous", ("1",), "anomalous"),
    Command("normal", ("0",), "normal"),
    Command("next", ("Enter",), "save and next"),
    Command("save", ("Ctrl+s",), "save", fields=True),
    Command("undo", ("Ctrl+z",), "undo", hint="undo", held=True),
    Command("redo", ("Ctrl+Shift+z", "Ctrl+y"), "redo", held=True),
    Command("followingBox", ("]",), "next box or suggestion", held=True),
    Command("formerBox", ("[",), "previous box or suggestion", held=True),
    Command("", ("Tab",), "the same, and then on through the page", fixed=True),
    Command("zoomIn", ("+", "="), "zoom in (or the wheel, or two fingers)", held=True),
    Command("zoomOut", ("-",), "zoom out", held=True),
    Command("fit", ("f",), "fit the picture"),
    Command("pixels", ("o",), "pixel for pixel"),
    Command("zoomToBox", ("z",), "zoom to the box"),
    Command("hand", ("Space",), "held: drag the picture (or the middle button)"),
    Command("hide", ("h",), "held: hide the boxes"),
    Command("darker", ("d",), "darker", held=True),
    Command("brighter", ("b",), "brighter", held=True),
    Command("flatter", ("j",), "less contrast", held=True),
    Command("harder", ("k",), "more contrast", held=True),
    Command("grid", ("g",), "grid"),
    Command("plain", ("r",), "the picture as it is"),
    Command("beside", ("w",), "further pictures of the case beside it"),
    Command("picture", ("p",), "work on the next picture of the case"),
    Command("note", ("m",), "write a note; Esc leaves it"),
    Command("look", ("l",), "what the last revision changed, then those before"),
    Command("ask", ("q",), "unknown, ask: a question to the reviewer"),
    Command("approve", ("y",), "approve the revision and go on"),
    Command("sendBack", ("u",), "send the revision back, with a reason and a place"),
    Command("followingCase", (".", "PageDown"), "next case, this one as it is"),
    Command("formerCase", (",", "PageUp"), "previous case"),
    Command("", ("Escape",), "give up what is begun; no box is selected", fixed=True),
)

CHECK_KEYS = (
    Command("approve", ("a",), "approve the texts and see the next", "#examples .m3-approve", "approve"),
    Command("following", (".",), "next example, this one left as it is", "#examples .m3-next", "next"),
    Command("former", (",",), "previous example", "#examples .m3-back"),
    Command("think", ("e",), "edit the think text; Esc leaves it", "#examples .m3-think-text", "edit"),
    Command("reflection", ("r",), "edit the reflection", "#examples .m3-reflection-text"),
    Command("save", ("Ctrl+s",), "save the edits", hint="save", fields=True),
    Command("sendBack", ("b",), "send back, with a reason", "#examples .m3-send-back", "send back"),
    Command("last", ("u",), "look at the last one again", "#examples .m3-last"),
    Command("fit", ("f",), "fit the picture", "#examples .m3-fit"),
    Command("initial", ("2",), "boxes of the initial decision on or off", "#examples .m3-legend-initial"),
    Command("truth", ("3",), "ground truth on or off", "#examples .m3-legend-truth"),
)
