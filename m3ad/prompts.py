"""The exact texts sent to models: the paper's question, and instructions for models and for teachers of captions.

The published and the bundled models were trained on the question alone (figure of the paper). The paper's own system
prompts are lost; SYSTEM is ours. `m3ad.trace.read` reads all its examples without a problem, which a test holds.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from m3ad.taxonomy import Taxonomy, default_taxonomy

QUESTION = "Are there any defects in the test image?"

# One example for each of the two modes, and one for a sound part; the reader's tests read them.
EXAMPLES: tuple[str, ...] = (
    "<think>The image shows a pin header. One pin leans to the right. There is a bent pin.</think>"
    "<type>bent</type><location>(0.383,0.706) (0.409,0.801)</location><answer>yes</answer>",
    "<think>The image shows a metal plate. The surface is even. I see no defects.</think>"
    "<reflection>A second look shows a thin line in the upper left and a dark film at the lower edge. The decision is "
    'revised from "no defect" to "abnormal with scratch and contamination".</reflection>'
    "<type>scratch; contamination</type>"
    "<location>(0.112,0.084) (0.236,0.121); (0.540,0.872) (0.691,0.955)</location><answer>yes</answer>",
    "<think>The image shows a bottle seen from above. The rim is round and complete. I see no defects.</think>"
    "<answer>no</answer>",
)


def system_prompt(taxonomy: Taxonomy) -> str:
    """The instructions: what to do, the form of the answer in both modes, and every type of the taxonomy by name."""
    return _SYSTEM.format(groups=type_groups(taxonomy), examples="\n\n".join(EXAMPLES))


def type_groups(taxonomy: Taxonomy) -> str:
    """Every type of the taxonomy by name, a line for each of its groups."""
    return "\n".join(
        f"- {classname}, {group}: {', '.join(node.name for node in types)}"
        for classname, tree in taxonomy.classes().items()
        for group, types in tree.items()
        if types
    )


def conversation(system: str | None = None) -> list[dict[str, Any]]:
    """Chat messages with a place for one image and the QUESTION, in the form that Qwen3-VL's chat template takes."""
    user = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": QUESTION}]}
    if system is None:
        return [user]
    return [{"role": "system", "content": [{"type": "text", "text": system}]}, user]


def prompt_version(system: str | None) -> str:
    """A short name for what a model is told beside the picture: 12 digits of a SHA-256 over the very words.

    Judgements under different versions are no fair comparison.
    """
    return conversation_version(conversation(system))


def conversation_version(messages: list[dict[str, Any]]) -> str:
    """`prompt_version` of any conversation."""
    return hashlib.sha256(json.dumps(messages).encode()).hexdigest()[:12]


_SYSTEM = """You inspect industrial parts. You are shown one image and asked whether the part in it has defects.

Write your answer in exactly this form, with nothing before or after it:
1. <think>...</think>: what the part is and what you see, in a few sentences. End with a short sentence that decides: \
whether there is a defect, and of which type.
2. Only if you are not sure that this decision is right: <reflection>...</reflection>. Compare the decision with the \
image, then say what you keep or revise.
3. If the part is anomalous: <type>...</type><location>...</location><answer>yes</answer>
   If the part is normal: <answer>no</answer>, without type and location.

In <type> name the type of each defect, in <location> give one box for each type in the same order; separate several \
with ";". A box is two corners, (x1,y1) (x2,y2): top left and bottom right, as fractions of the width and the height \
of the image from 0 to 1, with three decimals.

Use these types only:
{groups}

Examples:
{examples}"""

SYSTEM = system_prompt(default_taxonomy())

# --- for a teacher that writes captions (paper, figure of M3-AD-FT, step 3, and appendix A.5; the wording is ours, the
# paper's is lost). One instruction for <think> in both modes: where one mode had words of its own, a model learnt to
# reflect by the style of the first sentence (docs/LOG.md). The last sentences are given, so that the decision of every
# caption can be read and checked.
TEACHER = """You write texts from which a vision-language model learns to inspect industrial parts. You are shown one \
image and told what is right about it. Write as if you had inspected the part yourself, with nothing but the plain \
image before you: your readers see neither what you are told nor any marking.

Answer with one JSON object and nothing else: {"think": "..."} or, where a reflection is asked for, \
{"think": "...", "reflection": "..."}.

"think" is the first look, 2 to 4 sentences: what the part is, what its surface, structure and arrangement look like, \
and, where it decides for defects, what each looks like and where it is. It is written in earnest, also where it \
decides wrongly: it says only what supports its decision, and nothing of doubt or error. Its last sentence is given.

"reflection", 2 to 4 sentences, does not describe the image again. It compares the first look with the image, says by \
what evidence the first look is right or wrong, and why such evidence means this type of defect or none. Its last \
sentence is given.

Rules for both:
- Plain English sentences. No tags, no markdown, no lists.
- Name exactly the types of defects that are listed, in these words, and no others. Of a part that is called normal \
say of no defect that it is there.
- Say places in words ("in the upper left"). No coordinates.
- Never mention frames, marks or colours drawn into the image, labels, annotations, or that you were told anything."""

TEACHER_THINKING = """The part: {part}.
The truth about it:
{truth}

Write "think". Its last sentence: {think_end}"""

TEACHER_REFLECTIVE = """The part: {part}.
The truth about it:
{truth}

The first look of the model that is taught decided:
{first}
In its own words, which you may follow but need not:
<<<
{words}
>>>

Write "think", which decides as this first look did, and "reflection", which comes to the truth.
The last sentence of "think": {think_end}
The last sentence of "reflection": {reflection_end}"""

TEACHER_SENT_BACK = """A person has read what was written of this part before and sent it back, for these reasons:
{remarks}
Write it anew, so that this is put right."""

TEACHER_AGAIN = """This text cannot be used:
{problems}
Write the JSON object again, with these faults put right."""

TEACHER_FRAMES = "A yellow frame is drawn around each place for you only."
