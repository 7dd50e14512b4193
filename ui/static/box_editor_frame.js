// What stands on the stage around the picture: where one is, which list, whether the work is kept, size and zoom, and
// the buttons that do what the keys of the view do.

const chip = (parent, words, label, command, act) => keyTitle(button(parent, "be-chip", words, "", act), command, label);

// `act`: go(step), toggleOthers(), nextPicture(), newBox(), view() -> the actions of the view.
function createFrame(stage, act) {
  const top = make("div", "be-overlay be-top", stage);
  chip(top, "‹", "Previous case", "formerCase", () => act.go(-1));
  const place = make("span", "be-chip be-place", top);
  chip(top, "›", "Next case", "followingCase", () => act.go(1));
  const queue = make("select", "be-chip be-queue", top);
  Object.assign(queue, { title: "Which cases" });
  queue.setAttribute("aria-label", "Which cases");
  const state = make("span", "be-chip be-state", top);
  const reason = make("div", "be-overlay be-given", stage);
  const counts = new Map(); // of saved filters, which are not counted with every answer
  const bottom = make("div", "be-overlay be-bottom", stage);
  const tools = make("div", "be-tools", bottom);
  const size = make("span", "be-chip be-size-chip", bottom);

  const opener = button(tools, "be-chip", "View", "", () => {
    bar.hidden = !bar.hidden;
    opener.setAttribute("aria-expanded", String(!bar.hidden));
  });
  opener.title = "Brightness, contrast, grid and zoom";
  opener.setAttribute("aria-label", opener.title);
  opener.setAttribute("aria-expanded", "false");
  chip(tools, "New box", "New box", "newBox", () => act.newBox()); // for a finger: inside another box it cannot draw
  const bar = make("div", "be-bar", tools);
  bar.hidden = true;
  for (const [words, label, command, does] of [
    ["fit", "Fit the picture", "fit", (view) => view.fit()],
    ["1:1", "Pixel for pixel", "pixels", (view) => view.oneToOne()],
    ["−", "Zoom out", "zoomOut", (view) => view.zoomBy(0.8)],
    ["+", "Zoom in", "zoomIn", (view) => view.zoomBy(1.25)],
    ["darker", "Darker", "darker", (view) => view.aid("brightness", 1 / 1.1)],
    ["brighter", "Brighter", "brighter", (view) => view.aid("brightness", 1.1)],
    ["flatter", "Less contrast", "flatter", (view) => view.aid("contrast", 1 / 1.1)],
    ["harder", "More contrast", "harder", (view) => view.aid("contrast", 1.1)],
    ["grid", "Grid", "grid", (view) => view.toggleGrid()],
    ["plain", "The picture as it is", "plain", (view) => view.resetAids()],
    ["beside", "Further pictures of the case", "beside", () => act.toggleOthers()],
    ["next picture", "Work on the next picture of the case", "picture", () => act.nextPicture()],
  ])
    chip(bar, words, label, command, () => does(act.view()));

  return {
    queue,
    place(sheet) {
      place.textContent = sheet.count ? `${sheet.place} · ${sheet.name}` : sheet.name;
      place.title = `${sheet.dataset} · ${sheet.scenario} · ${sheet.name}`;
      reason.textContent = [sheet.held, sheet.why].filter(Boolean).join(" ");
      reason.hidden = !reason.textContent;
      reason.classList.toggle("be-alarm", Boolean(sheet.held));
    },
    // The queues to choose from: [{value, words, count, means, group}].
    menu(entries) {
      const chosen = queue.value;
      queue.textContent = "";
      const groups = new Map();
      for (const { value, words, count, means, group } of entries) {
        if (count !== null) counts.set(value, count);
        if (!groups.has(group)) groups.set(group, Object.assign(make("optgroup", "", queue), { label: group }));
        const option = make("option", "", groups.get(group), `${words} (${counts.get(value) ?? "…"})`);
        Object.assign(option, { value, title: means });
      }
      queue.value = chosen;
    },
    choose(value) {
      queue.value = value;
      queue.title = queue.selectedOptions[0]?.title || "Which cases";
    },
    // `px`: the whole-pixel box in hand, if any. Which picture it is, is said where the case has several.
    size({ pictures, picture, size: { width, height, role } }, view, px) {
      const percent = Math.round(view.now.scale * (window.devicePixelRatio || 1) * 100);
      const hand = px ? `${px[2] - px[0]} × ${px[3] - px[1]} px at ${px[0]}, ${px[1]} · ` : "";
      const aids = view.aidWords();
      const which = pictures.length > 1 ? `picture ${picture + 1}: ${role} · ` : "";
      size.textContent = `${hand}${aids && `${aids} · `}${which}${width} × ${height} px · ${percent} %`;
    },
    state(words, alarm) {
      state.textContent = words;
      state.classList.toggle("be-alarm", alarm);
    },
  };
}
