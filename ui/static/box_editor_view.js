// The picture on the stage: where it lies, how large, and the aids to see it better (brightness, contrast, grid).
// Screen position = picture pixel * view.scale + view.x / view.y. The aids change what is seen and nothing that is kept.

const MAX_SCALE = 64;
const PIXELATED_FROM = 3; // from this scale on single pixels are shown as squares
const GRID_GAP = 48; // least distance of two grid lines on the screen
const AIDS = { brightness: { least: 0.3, most: 4 }, contrast: { least: 0.3, most: 4 } };

// A grid's distance in whole pixels of the picture: 1, 2, 5, 10, 20, 50…, wide enough to see between the lines.
function gridStep(scale) {
  const wanted = Math.max(1, GRID_GAP / scale);
  const power = 10 ** Math.floor(Math.log10(wanted) + 1e-9);
  return [1, 2, 5, 10].map((times) => times * power).find((step) => step >= wanted - 1e-9);
}

// What the server says of a picture that it cannot send.
async function whyNot(url) {
  const said = await fetch(url).then((answer) => answer.json()).catch(() => ({}));
  return typeof said.detail === "string" ? said.detail : "The picture could not be loaded.";
}

// `hooks`: zoomed() after a change of scale, moved() after any change, failed(words).
function createView(stage, model, hooks) {
  const pictures = make("div", "be-pictures", stage);
  const preview = make("img", "be-picture", pictures);
  const full = make("img", "be-picture", pictures);
  for (const image of [preview, full]) Object.assign(image, { alt: "", draggable: false });
  const grid = make("div", "be-grid", stage);
  grid.hidden = true;
  const view = { scale: 1, x: 0, y: 0, fitted: true };
  const aids = { brightness: 1, contrast: 1 };
  let fullUrl = "";

  // Measured when it changes, not when it is used: to ask for it between two changes of the page costs a layout each time.
  let bounds = stage.getBoundingClientRect();
  const measure = () => (bounds = stage.getBoundingClientRect());
  const stageSize = () => ({ width: bounds.width || 1, height: bounds.height || 1 });
  const fitScale = () => {
    const { width, height } = stageSize();
    return Math.min((width - 48) / model.size.width, (height - 92) / model.size.height, MAX_SCALE);
  };
  function render(zoomed) {
    for (const image of [preview, full]) {
      image.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.scale})`;
      image.style.imageRendering = view.scale >= PIXELATED_FROM ? "pixelated" : "auto";
    }
    renderGrid();
    hooks.moved(view);
    if (!zoomed) return;
    if (view.scale * (window.devicePixelRatio || 1) > preview.naturalWidth / model.size.width) loadFull();
    hooks.zoomed();
  }
  function set(scale, x, y, fitted = false) {
    const zoomed = scale !== view.scale;
    Object.assign(view, { scale, x, y, fitted });
    render(zoomed);
  }
  function centre(scale, px, fitted) {
    const { width, height } = stageSize();
    set(scale, width / 2 - ((px[0] + px[2]) / 2) * scale, height / 2 - ((px[1] + px[3]) / 2) * scale, fitted);
  }
  const fit = () => centre(fitScale(), [0, 0, model.size.width, model.size.height], true);
  function zoomAt(factor, x, y) {
    const scale = clamp(view.scale * factor, fitScale() / 2, MAX_SCALE);
    const k = scale / view.scale;
    set(scale, x - (x - view.x) * k, y - (y - view.y) * k);
  }
  const zoomAtPixel = (factor, px, py) => zoomAt(factor, px * view.scale + view.x, py * view.scale + view.y);
  const zoomBy = (factor) => zoomAt(factor, stageSize().width / 2, stageSize().height / 2);
  function zoomTo(px) {
    const { width, height } = stageSize();
    const scale = Math.min((width * 0.5) / (px[2] - px[0]), (height * 0.5) / (px[3] - px[1]));
    centre(clamp(scale, fitScale(), MAX_SCALE), px);
  }
  // The part of the picture that is on the stage, in pixels of the picture.
  function seen() {
    const { width, height } = stageSize();
    const [left, top, right, bottom] = [-view.x, -view.y, width - view.x, height - view.y].map((v) => v / view.scale);
    return [Math.max(0, left), Math.max(0, top), Math.min(model.size.width, right), Math.min(model.size.height, bottom)];
  }
  // The pixel of the picture in the middle of the stage, and the way back.
  const middle = () => {
    const { width, height } = stageSize();
    return [(width / 2 - view.x) / view.scale, (height / 2 - view.y) / view.scale];
  };
  const lookAt = (scale, px, py) => centre(scale, [px, py, px, py]);
  function pointOf(event) {
    const [x, y] = [event.clientX - bounds.left, event.clientY - bounds.top];
    return { x, y, px: (x - view.x) / view.scale, py: (y - view.y) / view.scale };
  }

  function show(picture) {
    for (const image of [preview, full]) {
      image.removeAttribute("src");
      image.style.width = `${picture.width}px`;
      image.style.height = `${picture.height}px`;
    }
    full.hidden = true;
    fullUrl = picture.full;
    preview.src = picture.preview;
    fit();
  }
  // The file itself is fetched only when the preview has fewer pixels than the screen shows.
  function loadFull() {
    if (!fullUrl || !preview.complete || !preview.naturalWidth || preview.naturalWidth >= model.size.width) return;
    full.src = fullUrl;
    fullUrl = "";
  }
  full.addEventListener("load", () => (full.hidden = false));
  preview.addEventListener("load", () => render(true));
  preview.addEventListener("error", async () => {
    const url = preview.getAttribute("src");
    const why = url && (await whyNot(url));
    if (url && url === preview.getAttribute("src")) hooks.failed(why);
  });

  const ahead = new Map(); // pictures fetched before they are wanted: of the next and the previous case
  function fetchAhead(urls) {
    for (const url of ahead.keys()) if (!urls.includes(url)) ahead.delete(url);
    for (const url of urls) {
      if (ahead.has(url)) continue;
      ahead.set(url, new Image());
      ahead.get(url).src = url;
      ahead.get(url).decode().catch(() => {}); // one that cannot be read says so when its case is opened
    }
  }

  // ---- aids -------------------------------------------------------------------------------------------------------
  function renderGrid() {
    if (grid.hidden) return;
    const gap = gridStep(view.scale) * view.scale;
    const { style } = grid;
    style.transform = `translate(${view.x}px, ${view.y}px)`;
    style.width = `${model.size.width * view.scale}px`;
    style.height = `${model.size.height * view.scale}px`;
    style.backgroundSize = `${gap}px ${gap}px`;
  }
  function aid(name, factor) {
    const { least, most } = AIDS[name];
    aids[name] = clamp(Math.round(aids[name] * factor * 100) / 100, least, most);
    const plain = aids.brightness === 1 && aids.contrast === 1;
    const filter = plain ? "none" : `brightness(${aids.brightness}) contrast(${aids.contrast})`;
    stage.parentElement.style.setProperty("--be-aids", filter); // further pictures beside it are seen in the same light
    hooks.zoomed();
  }
  function toggleGrid() {
    grid.hidden = !grid.hidden;
    render(true);
  }
  function resetAids() {
    for (const name of Object.keys(AIDS)) aid(name, 1 / aids[name]);
    if (!grid.hidden) toggleGrid();
  }
  // What differs from the plain picture, in words; empty when nothing does.
  function aidWords() {
    const changed = Object.keys(AIDS).filter((name) => aids[name] !== 1);
    const words = changed.map((name) => `${name} ${Math.round(aids[name] * 100)} %`);
    return [...words, ...(grid.hidden ? [] : [`grid ${gridStep(view.scale)} px`])].join(" · ");
  }

  const observer = new ResizeObserver(() => {
    if (!stage.isConnected) return observer.disconnect();
    measure();
    if (view.fitted) fit();
  });
  observer.observe(stage);
  return {
    show,
    fetchAhead,
    fit,
    zoomAt,
    zoomAtPixel,
    middle,
    lookAt,
    zoomBy,
    zoomTo,
    oneToOne: () => zoomBy(1 / (window.devicePixelRatio || 1) / view.scale),
    pan: (dx, dy) => set(view.scale, view.x + dx, view.y + dy),
    seen,
    pointOf,
    measure,
    aid,
    toggleGrid,
    resetAids,
    aidWords,
    now: view,
  };
}
