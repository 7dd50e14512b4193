"""The standing prose of docs/ablations.md: how it was made, and how each table is to be read."""

INTRO = """# The paper's ablations, repeated

Made by `python -m benchmarks.ablations.report OUT` from the results of `python -m benchmarks.ablations`. The model is
the small one of this project, the parts are drawn ones, the budgets small. So what is compared is the direction of a
difference, never its height; the paper's numbers (4B, and 8B where it prints them) stand beside ours for that.

Budget of every cell: {seeds} seeds, RAWS {raws_steps} steps of 24 examples, RCRL {rcrl_steps} steps of 8 parts with 4
answers each, judged on the same {parts} fresh parts, which no training, threshold or evaluation has seen. Within a
table all budgets are equal. RCRL starts from the RAWS model of its own seed. The base model is judged once.

Every figure is taken over all answers of all seeds; in brackets the middle 95 % of {resamples} resamples, which draw
seeds and parts, each with replacement and apart from each other (three seeds give a rather narrow spread over seeds).
Differences are taken over the same drawn seeds and parts. Many differences are looked at, and no correction is made
for that: of those without any effect, one in twenty would still leave zero out.

"Own choice": greedy, reflecting from the model's threshold on, as the page does. "Made to": a reflection on every
part.
"""
TABLE_3 = (
    'Without any reward nothing is learnt: the first row is the RAWS model, as in the paper. "With against without" '
    "takes the mean of the four rows that have a reward and of the four that have not, in the paper's table too."
)
FIGURE_4 = (
    "Correct / ineffective / erroneous reflections earn: a +1 / 0.2 / 0, b +1 / 0.2 / −1, c +1 / 0 / −1, d +1 / "
    "−0.5 / −1 (0.2 is ours: the paper's number is lost). The text we have of the paper has no numbers of its "
    "Figure 4: it says that a, b and c tend to induce redundant reflections, and that d holds them back. Fixed "
    "and broke are shares of all parts; P(`<reflection>`) is how often the model would reflect if it drew its "
    "words by chance."
)
FIGURE_5 = (
    "The text we have of the paper has no numbers of its Figure 5: it says that reflection helps in all three "
    "scenarios, most in workpiece and electronic. The paper's numbers here are Table 1's, after reflection. It "
    "has no logical scenario there. Shown are the model of all three rewards with table d and, if that is another, "
    "the best by balanced accuracy; it was chosen on these same parts, which flatters it a little."
)
TRAINING = (
    "Means over the seeds of the first and of the last {window} points of the log, of answers drawn by chance. "
    "Where all answers to a part earn the same, nothing is learnt from it. The alarm (`training/alarm.py`) says "
    "that initial accuracy fell while the final one held; it needs {alarm} points."
)
