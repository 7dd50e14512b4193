"""The exact texts sent to models: the paper's question, and instructions for models that never learned the format.

The published and the bundled models were trained on the question alone (figure of the paper). The paper's own system
prompts are lost; SYSTEM is ours. `m3ad.trace.read` reads all its examples without a problem, which a test holds.
"""

from __future__ import annotations

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
    groups = "\n".join(
        f"- {classname}, {group}: {', '.join(node.name for node in types)}"
        for classname, tree in taxonomy.classes().items()
        for group, types in tree.items()
        if types
    )
    return _SYSTEM.format(groups=groups, examples="\n\n".join(EXAMPLES))


def conversation(system: str | None = None) -> list[dict[str, Any]]:
    """Chat messages with a place for one image and the QUESTION, in the form that Qwen3-VL's chat template takes."""
    user = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": QUESTION}]}
    if system is None:
        return [user]
    return [{"role": "system", "content": [{"type": "text", "text": system}]}, user]


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
