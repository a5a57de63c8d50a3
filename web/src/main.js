// SPDX-License-Identifier: MIT
//
// main.js -- the page: what is chosen, and everything that shows it.
import { Colours, FEW } from "./colour.js";
import { Graph } from "./graph.js";
import { listenToKeys } from "./keys.js";
import { Model, margin } from "./model.js";
import { Table } from "./table.js";
import { amount, baseName, brief, duration, share, signed } from "./text.js";

const $ = (id) => document.getElementById(id);
const data = JSON.parse($("profile").textContent);
const model = new Model(data);
const KINDS = {
    inuse: "In use",
    alloc: "Allocated",
    peak: "At the peak",
    requested: "In use, as requested",
    waste: "Waste",
};
const kindOf = (name) => name.replace(/_.*/, "");

const state = {
    value: Math.max(
        0,
        data.values.findIndex((v) => v.name === data.value),
    ),
    layout: "flame",
    change: false,
    theme: matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light",
    func: -1, // of the sandwich
    trail: [], // nodes zoomed to, the last one is seen
    term: "",
};
let tree, rows, colours, table;
let graphs = [];

// ---- the whole ----

function recount() {
    tree = model.tree(state.value, state.change);
    rows = model.functions(tree);
    if (!colours) colours = new Colours(data, modulesByWeight());
    colours.use(state.theme);
    state.trail = [];
}

function modulesByWeight() {
    const weight = new Map();
    for (let f = 1; f < model.nfunctions; f++) {
        const module = data.functions.module[f];
        weight.set(module, (weight.get(module) || 0) + rows.self.width[f] + rows.total.width[f] * 1e-6);
    }
    return [...weight.keys()].filter((m) => m >= 0).sort((a, b) => weight.get(b) - weight.get(a));
}

const unit = () => data.values[state.value].unit;
const whole = () => (data.difference ? tree.total.width[0] : tree.total.value[0]);
const main = () => graphs[0];

function text(sums, i) {
    const value = sums.value[i];
    const half = margin(sums.variance[i]);
    const error = data.has_errors && half > 0 ? ` \u00b1 ${amount(half, unit())}` : "";
    if (!data.difference) return `${amount(value, unit())}${error}`;
    const before = sums.before[i];
    const from = `${amount(before, unit())} \u2192 ${amount(before + value, unit())}`;
    const doubt = value && Math.abs(value) < half ? ", within the error" : "";
    return `${signed(value, unit())}${error} (${from}${doubt})`;
}

function drawHead() {
    const name = data.program ? `of ${baseName(data.program)}` : "";
    const title = `${data.difference ? "Change of the heap" : "Heap profile"} ${name}`.trim();
    const facts = [];
    document.title = title;
    $("title").textContent = title;
    if (data.pid) facts.push(`process ${data.pid}`);
    if (data.time_ms)
        facts.push(new Date(data.time_ms).toISOString().replace("T", " ").replace(/\..*/, " UTC"));
    if (data.duration_s > 0) facts.push(`over ${duration(data.duration_s)}`);
    if (data.samples) facts.push(`${amount(data.samples, "count")} samples`);
    if (data.rate_bytes) facts.push(`one every ${amount(data.rate_bytes, "bytes")}`);
    $("facts").textContent = facts.join(" \u00b7 ");
    $("notes").replaceChildren(
        ...data.comments.map((line) => {
            const p = document.createElement("p");
            p.textContent = line;
            return p;
        }),
    );
}

function drawTotal() {
    const [number, ...rest] = text(tree.total, 0).split(/(?= \u00b1| \()/);
    $("total").firstElementChild.textContent = number;
    $("total").lastElementChild.textContent =
        `${rest.join("")} ${KINDS[kindOf(data.values[state.value].name)].toLowerCase()}`;
}

function drawButtons() {
    const kinds = Object.keys(KINDS).filter((kind) => data.values.some((v) => kindOf(v.name) === kind));
    $("kind").replaceChildren(...kinds.map((kind) => new Option(KINDS[kind], kind)));
    $("kind").value = kindOf(data.values[state.value].name);
    for (const button of $("unit").children) {
        button.setAttribute("aria-pressed", button.dataset.unit === unit());
        button.disabled = find($("kind").value, button.dataset.unit) < 0;
    }
    for (const button of $("layout").children) {
        button.setAttribute("aria-pressed", button.dataset.layout === state.layout);
    }
    for (const button of $("width").children) {
        button.setAttribute("aria-pressed", (button.dataset.width === "change") === state.change);
    }
    $("width").hidden = $("widthkey").hidden = !data.difference;
    $("widthkey").nextElementSibling.hidden = !data.difference;
    $("theme").textContent = state.theme === "dark" ? "Light" : "Dark";
}

// ---- graphs ----

function nameOf(node, ofTree) {
    return data.functions.name[ofTree.func[node]];
}

function makeGraph(label, skipRoot, part) {
    const graph = new Graph($("graphs"), {
        colours,
        names: nameOf,
        label,
        skipRoot,
        maxHeight: () => Math.max(220, Math.round(window.innerHeight * part)),
        events: {
            hover: (node, event) => hover(graph, node, event),
            pick: (node) => pick(graph, node),
            open: (node) => openSandwich(graph.tree.func[node]),
        },
    });
    graphs.push(graph);
    return graph;
}

function drawGraphs() {
    for (const graph of graphs) graph.remove();
    graphs = [];
    $("graphs").replaceChildren();
    if (state.func > 0) {
        caption("Callers");
        const callers = makeGraph("Callers of the function", false, 0.36);
        callers.show(model.callers(tree, state.func));
        const callees = makeGraph("What the function calls", true, 0.36);
        callees.flame = false;
        callees.show(model.callees(tree, state.func));
        caption(callees.rows ? "Callees" : "It calls nothing that allocates");
    } else {
        const graph = makeGraph("Flame graph; the arrow keys walk through it", false, 0.62);
        graph.flame = state.layout === "flame";
        graph.show(tree, state.trail.at(-1) || 0);
    }
    for (const graph of graphs) graph.matches = matches();
    drawPath();
    redraw();
}

function caption(words) {
    const p = document.createElement("p");
    p.className = "caption";
    p.textContent = words;
    $("graphs").append(p);
}

function redraw() {
    for (const graph of graphs) graph.draw();
}

function drawPath() {
    const nodes = [];
    const parts = [];
    const button = (label, title, action) => {
        const b = document.createElement("button");
        b.textContent = label;
        b.title = title;
        b.addEventListener("click", action);
        parts.push(b);
    };
    button("Whole", "The whole profile", whole_again);
    if (state.func > 0) {
        const name = data.functions.name[state.func];
        button(`Sandwich of ${brief(name, 50)}`, name, () => {});
    } else {
        for (let at = state.trail.at(-1) || 0; at > 0; at = tree.parent[at]) nodes.unshift(at);
        const seen = nodes.slice(-5);
        if (seen.length < nodes.length) parts.push("\u2026");
        for (const node of seen)
            button(brief(nameOf(node, tree), 36), nameOf(node, tree), () => zoomTo(node));
    }
    $("path").replaceChildren(...parts);
    $("path").hidden = parts.length < 2;
    $("reset").disabled = parts.length < 2 && !state.term;
}

function zoomTo(node) {
    const now = state.trail.at(-1) || 0;
    if (node !== now) state.trail.push(node);
    main().selected = node;
    main().zoom(node);
    drawPath();
    say(main(), node);
}

function pick(graph, node) {
    if (state.func > 0) {
        openSandwich(graph.tree.func[node]);
        return;
    }
    zoomTo(node);
}

function openSandwich(func) {
    if (func <= 0) return;
    state.func = func;
    hideTip();
    drawGraphs();
    say(main(), 0);
    $("graphs").scrollIntoView({ block: "nearest" });
}

function whole_again() {
    state.func = -1;
    state.trail = [];
    search("");
    $("search").value = "";
    drawGraphs();
    $("status").textContent = hint();
}

function back() {
    if (state.func > 0) {
        state.func = -1;
        drawGraphs();
    } else if (state.trail.length) {
        state.trail.pop();
        main().zoom(state.trail.at(-1) || 0);
        drawPath();
    } else if (state.term) {
        $("search").value = "";
        search("");
    }
    hideTip();
}

// ---- what a frame says ----

function details(graph, node) {
    const t = graph.tree;
    const func = t.func[node];
    const f = data.functions;
    const lines = [];
    const line = t.line[node];
    const file = f.file[func];
    lines.push([
        "total",
        `${text(t.total, node)}${data.difference ? "" : `, ${share(t.total.value[node], tree.total.value[0])}`}`,
    ]);
    if (state.func < 0 && t.self.value[node] && t.first[node] >= 0) lines.push(["self", text(t.self, node)]);
    if (data.has_errors && node > 0) {
        const n = t.total.samples[node];
        const few = data.difference || colours.isSure(t.total, node) ? "" : ": too few to be sure";
        lines.push(["samples", `${amount(n, "count")}${few}`]);
    }
    if (file) lines.push(["file", line > 0 ? `${file}:${line}` : line < 0 ? `${file}, several lines` : file]);
    if (f.module[func] >= 0) lines.push(["module", data.modules[f.module[func]]]);
    return lines;
}

function hover(graph, node, event) {
    const tip = $("tip");
    if (node < 0) {
        hideTip();
        return;
    }
    const title = document.createElement("b");
    title.textContent = nameOf(node, graph.tree);
    const list = document.createElement("dl");
    for (const [key, value] of details(graph, node)) {
        const dt = document.createElement("dt");
        const dd = document.createElement("dd");
        dt.textContent = key;
        dd.textContent = value;
        list.append(dt, dd);
    }
    tip.replaceChildren(title, list);
    tip.hidden = false;
    const x = Math.min(event.clientX + 14, window.innerWidth - tip.offsetWidth - 8);
    const below = event.clientY + 18;
    const y = below + tip.offsetHeight > window.innerHeight ? event.clientY - tip.offsetHeight - 10 : below;
    tip.style.transform = `translate(${Math.max(4, x)}px, ${Math.max(4, y)}px)`;
}

function hideTip() {
    $("tip").hidden = true;
}

function say(graph, node) {
    if (node < 0) return;
    $("status").textContent = [
        nameOf(node, graph.tree),
        ...details(graph, node).map((l) => l.join(" ")),
    ].join("  \u00b7  ");
}

function hint() {
    return "/ search  \u00b7  arrows, Enter, Escape  \u00b7  s sandwich  \u00b7  t kind  \u00b7  u unit  \u00b7  i icicle  \u00b7  d dark  \u00b7  ? all keys";
}

function drawLegend() {
    const parts = [];
    const entry = (colour, words, title) => {
        const span = document.createElement("span");
        const dot = document.createElement("i");
        dot.style.background = colour;
        span.append(dot, words);
        if (title) span.title = title;
        parts.push(span);
    };
    if (data.difference) {
        entry(colours.theme.up, "more than before");
        entry(colours.theme.down, "less than before");
        entry(colours.theme.same, data.has_errors ? "unchanged, or within the error" : "unchanged");
    } else {
        for (const [module, rank] of colours.rank) {
            if (rank < 8)
                entry(colours.ofModule(module), baseName(data.modules[module]), data.modules[module]);
        }
        if (data.has_errors) entry(colours.theme.grey, `under ${FEW} samples`);
    }
    $("legend").replaceChildren(...parts);
}

// ---- search ----

function matches() {
    if (!state.term) return null;
    const term = state.term.toLowerCase();
    const flags = new Uint8Array(model.nfunctions);
    const f = data.functions;
    for (let i = 1; i < flags.length; i++) {
        const module = data.modules[f.module[i]] || "";
        flags[i] = [f.name[i], f.file[i], baseName(module)].some((word) => word.toLowerCase().includes(term));
    }
    return flags;
}

function search(term) {
    state.term = term.trim();
    const flags = matches();
    for (const graph of graphs) graph.matches = flags;
    let words = "";
    if (flags) {
        const { sum, half } = model.matched(tree, flags);
        const error = data.has_errors && half > 0 ? ` \u00b1 ${amount(half, unit())}` : "";
        words = data.difference
            ? `${signed(sum, unit())}${error}`
            : `${share(sum, tree.total.value[0])} \u00b7 ${amount(sum, unit())}${error}`;
        if (!flags.includes(1)) words = "no match";
    }
    $("matched").textContent = words;
    table.show(rows, whole(), unit(), flags);
    drawPath();
    redraw();
}

// ---- choices ----

function find(kind, ofUnit) {
    return data.values.findIndex((v) => kindOf(v.name) === kind && v.unit === ofUnit);
}

function chooseValue(index) {
    if (index < 0) return;
    state.value = index;
    refresh();
}

function chooseKind(kind) {
    const same = find(kind, unit());
    chooseValue(same >= 0 ? same : data.values.findIndex((v) => kindOf(v.name) === kind));
}

function nextKind() {
    const kinds = [...$("kind").options].map((option) => option.value);
    chooseKind(kinds[(kinds.indexOf($("kind").value) + 1) % kinds.length]);
}

function chooseLayout(layout) {
    state.layout = layout;
    state.func = -1;
    drawButtons();
    drawGraphs();
}

function chooseWidth(change) {
    if (!data.difference) return;
    state.change = change;
    refresh();
}

function chooseTheme(theme) {
    state.theme = theme;
    document.documentElement.dataset.theme = theme;
    colours.use(theme);
    drawButtons();
    drawLegend();
    table.draw();
    redraw();
}

/** After another value was chosen: the place in the tree stays. */
function refresh() {
    const trail = state.trail;
    recount();
    state.trail = trail.filter((node) => tree.total.width[node] > 0);
    drawTotal();
    drawButtons();
    drawGraphs();
    search(state.term);
}

function begin() {
    recount();
    table = new Table($("table"), { data, colours, open: openSandwich, more: $("more"), shown: $("shown") });
    drawHead();
    drawTotal();
    drawButtons();
    drawGraphs();
    search("");
    document.documentElement.dataset.theme = state.theme;
    drawLegend();
    $("status").textContent = hint();
    $("kind").addEventListener("change", (event) => chooseKind(event.target.value));
    $("unit").addEventListener("click", (event) =>
        chooseValue(find($("kind").value, event.target.dataset.unit)),
    );
    $("layout").addEventListener(
        "click",
        (event) => event.target.dataset.layout && chooseLayout(event.target.dataset.layout),
    );
    $("width").addEventListener(
        "click",
        (event) => event.target.dataset.width && chooseWidth(event.target.dataset.width === "change"),
    );
    $("theme").addEventListener("click", () => chooseTheme(state.theme === "dark" ? "light" : "dark"));
    $("reset").addEventListener("click", whole_again);
    $("help").addEventListener("click", () => $("keys").showModal());
    $("search").addEventListener("input", (event) => search(event.target.value));
    window.addEventListener("resize", () => graphs.forEach((graph) => graph.resize()));
    listenToKeys({
        "/": () => $("search").focus(),
        "?": () => $("keys").showModal(),
        Escape: back,
        Enter: () => {
            const node = main().selected;
            if (node < 0) return;
            if (state.func > 0) openSandwich(main().tree.func[node]);
            else if (node === (state.trail.at(-1) || 0)) whole_again();
            else zoomTo(node);
        },
        s: () => main().selected > 0 && openSandwich(main().tree.func[main().selected]),
        t: nextKind,
        u: () => chooseValue(find($("kind").value, unit() === "bytes" ? "count" : "bytes")),
        i: () => chooseLayout(state.layout === "flame" ? "icicle" : "flame"),
        w: () => chooseWidth(!state.change),
        d: () => chooseTheme(state.theme === "dark" ? "light" : "dark"),
        arrow: (key) => say(main(), main().step(key)),
    });
}

begin();
// For scripts: what is drawn now, in pixels of the canvas.
window.acreFlame = {
    graphs: () =>
        graphs.map((graph) =>
            graph.frames.map((f) => ({
                name: nameOf(f.node, graph.tree),
                x0: f.x0,
                x1: f.x1,
                top: graph.top(f.row),
                row: f.row,
                value: graph.tree.total.value[f.node],
                colour: colours.ofNode(graph.tree, f.node),
                matches: Boolean(graph.matches && graph.matches[graph.tree.func[f.node]]),
            })),
        ),
    moving: () => graphs.some((graph) => Boolean(graph.clock)),
    state,
};
