// Boxes in fractions and in whole pixels of the picture, and when two boxes or documents say the same. Pure functions.

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
const sameBox = (a, b) => a === b || (a !== null && b !== null && a.every((value, i) => Math.abs(value - b[i]) < 1e-9));
const sameDefect = (a, b) => a.type === b.type && a.picture === b.picture && sameBox(a.box, b.box);
const sameDocument = (a, b) =>
  a === b ||
  (a.anomalous === b.anomalous &&
    a.note === b.note &&
    a.defects.length === b.defects.length &&
    a.defects.every((defect, i) => sameDefect(defect, b.defects[i])));

const SAME_SHAPE = 0.01; // least difference of two ratios of width to height that counts
// Whether two pictures {width, height} have the same shape: then they are taken to show the same, place for place.
const aligned = (a, b) => Math.abs((a.width * b.height) / (a.height * b.width) - 1) < SAME_SHAPE;

// Whole-pixel boxes [left, top, right, bottom] of a picture `size` = {width, height}; right and bottom exclusive, at
// least one pixel wide and high.
const Pixels = {
  of(box, size) {
    return Pixels.snap([box[0] * size.width, box[1] * size.height, box[2] * size.width, box[3] * size.height], size);
  },
  fractions(px, size) {
    return [px[0] / size.width, px[1] / size.height, px[2] / size.width, px[3] / size.height];
  },
  // Any two corners to an ordered box on whole pixels inside the picture.
  snap(px, size) {
    const left = clamp(Math.round(Math.min(px[0], px[2])), 0, size.width - 1);
    const top = clamp(Math.round(Math.min(px[1], px[3])), 0, size.height - 1);
    const right = clamp(Math.round(Math.max(px[0], px[2])), left + 1, size.width);
    const bottom = clamp(Math.round(Math.max(px[1], px[3])), top + 1, size.height);
    return [left, top, right, bottom];
  },
  moved(px, dx, dy, size) {
    const x = clamp(Math.round(dx), -px[0], size.width - px[2]);
    const y = clamp(Math.round(dy), -px[1], size.height - px[3]);
    return [px[0] + x, px[1] + y, px[2] + x, px[3] + y];
  },
  // `handle` names the sides that follow the pointer: "nw", "e", "s"…
  resized(px, handle, dx, dy, size) {
    const next = px.slice();
    if (handle.includes("w")) next[0] += dx;
    if (handle.includes("e")) next[2] += dx;
    if (handle.includes("n")) next[1] += dy;
    if (handle.includes("s")) next[3] += dy;
    return Pixels.snap(next, size);
  },
};
