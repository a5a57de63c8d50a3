// SPDX-License-Identifier: MIT
//
// graph.js -- one tree drawn on a canvas, as a flame graph (root below) or an icicle (root above).
//
// Only what lies in the window and is a pixel wide is laid out, so that the cost is that of the picture and
// not that of the profile.
import { easeCubicOut } from "d3-ease";
import { interpolateNumberArray } from "d3-interpolate";
import { scaleLinear } from "d3-scale";
import { timer } from "d3-timer";
import { fit } from "./text.js";

export const ROW = 20;
const MIN_WIDTH = 1;
const PAD = 5;
const FONT = '12px "Inter", "Segoe UI", system-ui, "Helvetica Neue", "DejaVu Sans", sans-serif';
const still = matchMedia("(prefers-reduced-motion: reduce)");

export class Graph {
    /** `events`: hover(node, event), pick(node), open(node). `skipRoot`: it is drawn by another graph. */
    constructor(parent, { colours, names, label, events, skipRoot = false, maxHeight }) {
        this.colours = colours;
        this.names = names;
        this.events = events;
        this.skipRoot = skipRoot;
        this.maxHeight = maxHeight;
        this.flame = true;
        this.selected = -1;
        this.hovered = -1;
        this.matches = null;
        this.x = scaleLinear();
        this.widths = new Map();
        this.box = document.createElement("div");
        this.box.className = "graph";
        this.space = document.createElement("div");
        this.canvas = document.createElement("canvas");
        this.canvas.setAttribute("role", "img");
        this.canvas.setAttribute("aria-label", label);
        this.space.append(this.canvas);
        this.box.append(this.space);
        parent.append(this.box);
        this.context = this.canvas.getContext("2d");
        this.listen();
    }

    listen() {
        const { canvas, events } = this;
        this.box.addEventListener("scroll", () => this.draw());
        canvas.addEventListener("mousemove", (event) => {
            const node = this.at(event);
            if (node !== this.hovered) {
                this.hovered = node;
                this.draw();
            }
            canvas.style.cursor = node >= 0 ? "pointer" : "default";
            events.hover(node, event);
        });
        canvas.addEventListener("mouseleave", (event) => {
            this.hovered = -1;
            this.draw();
            events.hover(-1, event);
        });
        canvas.addEventListener("click", (event) => {
            const node = this.at(event);
            if (node >= 0) events.pick(node);
        });
        canvas.addEventListener("dblclick", (event) => {
            const node = this.at(event);
            if (node >= 0) events.open(node);
        });
    }

    show(tree, focus = 0) {
        this.tree = tree;
        this.focus = focus;
        this.selected = this.hovered = -1;
        this.x.domain(this.extent(focus));
        this.resize();
        this.toRoot();
    }

    /** Where a node lies, in units of value from the left of the root. */
    extent(node) {
        const { tree } = this;
        let start = 0;
        for (let at = node; at > 0; at = tree.parent[at]) {
            for (const sibling of tree.children(tree.parent[at])) {
                if (sibling === at) break;
                start += tree.total.width[sibling];
            }
        }
        return [start, start + Math.max(tree.total.width[node], 1e-9)];
    }

    zoom(focus) {
        if (this.clock) this.clock.stop();
        const from = this.x.domain();
        const to = this.extent(focus);
        this.focus = focus;
        if (still.matches) {
            this.x.domain(to);
            this.resize();
            return;
        }
        const between = interpolateNumberArray(from, to);
        this.clock = timer((elapsed) => {
            const t = Math.min(1, elapsed / 180);
            this.x.domain(t === 1 ? to : between(easeCubicOut(t)));
            if (t === 1) {
                this.clock.stop();
                this.clock = null;
            }
            this.resize();
        });
    }

    /** The frames that are seen, row by row: [{node, x0, x1, row}]. */
    layout() {
        const { tree, x, skipRoot } = this;
        const { width } = tree.total;
        const [from, to] = x.domain();
        const least = (MIN_WIDTH * (to - from)) / this.width;
        const frames = [];
        let deepest = 0;
        const stack = [[0, 0, 0]];
        while (stack.length) {
            const [node, start, row] = stack.pop();
            const end = start + width[node];
            if (!(skipRoot && node === 0)) {
                frames.push({ node, row, x0: Math.max(0, x(start)), x1: Math.min(this.width, x(end)) });
                deepest = Math.max(deepest, row + 1);
            }
            let at = start;
            const below = skipRoot && node === 0 ? row : row + 1;
            for (const child of tree.children(node)) {
                if (width[child] < least) break;
                if (at + width[child] > from && at < to) stack.push([child, at, below]);
                at += width[child];
            }
        }
        this.frames = frames;
        this.rows = deepest;
    }

    resize() {
        const before = this.space.offsetHeight - this.box.scrollTop;
        this.width = this.box.clientWidth;
        this.x.range([0, this.width]);
        this.layout();
        const full = Math.max(1, this.rows) * ROW + 1;
        this.height = Math.min(full, this.maxHeight());
        this.box.style.height = `${this.height}px`;
        this.space.style.height = `${full}px`;
        this.full = full;
        if (this.flame) this.box.scrollTop = full - before;
        if (this.box.clientWidth !== this.width) {
            this.width = this.box.clientWidth;
            this.x.range([0, this.width]);
            this.layout();
        }
        const ratio = window.devicePixelRatio || 1;
        this.canvas.width = Math.round(this.width * ratio);
        this.canvas.height = Math.round(this.height * ratio);
        this.canvas.style.width = `${this.width}px`;
        this.canvas.style.height = `${this.height}px`;
        this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
        this.draw();
    }

    toRoot() {
        this.box.scrollTop = this.flame ? this.full : 0;
        this.draw();
    }

    top(row) {
        const y = this.flame ? this.full - 1 - (row + 1) * ROW : row * ROW;
        return y - this.box.scrollTop;
    }

    measure = (text) => {
        let width = this.widths.get(text);
        if (width === undefined) {
            width = this.context.measureText(text).width;
            this.widths.set(text, width);
        }
        return width;
    };

    draw() {
        if (!this.tree) return;
        const { context, colours } = this;
        context.clearRect(0, 0, this.width, this.height);
        context.font = FONT;
        context.textBaseline = "middle";
        for (const frame of this.frames) {
            const y = this.top(frame.row);
            if (y > -ROW && y < this.height) this.paint(frame, y);
        }
        for (const node of [this.hovered, this.selected]) {
            const frame = node >= 0 && this.frames.find((f) => f.node === node);
            if (!frame) continue;
            context.strokeStyle = colours.theme.focus;
            context.lineWidth = node === this.selected ? 2 : 1;
            context.strokeRect(frame.x0 + 1, this.top(frame.row) + 1, frame.x1 - frame.x0 - 2.5, ROW - 2.5);
        }
    }

    paint({ node, x0, x1 }, y) {
        const { context, colours, tree } = this;
        const { theme } = colours;
        const matches = this.matches && this.matches[tree.func[node]];
        const ancestor = this.focus > 0 && tree.depth[node] < tree.depth[this.focus];
        const sure = colours.isSure(tree.total, node);
        const func = tree.func[node];
        const gap = x1 - x0 > 3 ? 1 : 0.25;
        context.globalAlpha = this.matches && !matches ? 0.35 : ancestor ? 0.5 : 1;
        context.fillStyle = matches ? theme.match : func === 0 ? theme.grey : colours.ofNode(tree, node);
        context.fillRect(x0, y, Math.max(0.5, x1 - x0 - gap), ROW - 1);
        if (x1 - x0 < 22) {
            context.globalAlpha = 1;
            return;
        }
        context.globalAlpha = this.matches && !matches ? 0.65 : 1;
        context.fillStyle = sure || colours.data.difference ? theme.text : theme.mute;
        context.fillText(fit(this.names(node, tree), x1 - x0 - 2 * PAD, this.measure), x0 + PAD, y + ROW / 2);
        context.globalAlpha = 1;
    }

    at(event) {
        const box = this.canvas.getBoundingClientRect();
        const x = event.clientX - box.left;
        const y = event.clientY - box.top;
        for (const frame of this.frames) {
            const top = this.top(frame.row);
            if (x >= frame.x0 && x < frame.x1 && y >= top && y < top + ROW) return frame.node;
        }
        return -1;
    }

    /** Selects a node and scrolls to it. */
    select(node) {
        this.selected = node;
        const frame = this.frames.find((f) => f.node === node);
        if (frame) {
            const y = this.top(frame.row);
            if (y < 0) this.box.scrollTop += y;
            else if (y + ROW > this.height) this.box.scrollTop += y + ROW - this.height;
        }
        this.draw();
    }

    /** The frame beside, above or below the selected one. */
    step(key) {
        const deeper = this.flame ? "ArrowUp" : "ArrowDown";
        const from = this.frames.find((f) => f.node === this.selected);
        if (!from) return (this.select(this.focus), this.selected);
        const middle = (from.x0 + from.x1) / 2;
        const beside = key === "ArrowLeft" || key === "ArrowRight";
        const row = from.row + (beside ? 0 : key === deeper ? 1 : -1);
        const goal = this.frames.filter((f) => f.row === row);
        let next;
        if (beside) {
            goal.sort((a, b) => a.x0 - b.x0);
            next = goal[goal.indexOf(from) + (key === "ArrowRight" ? 1 : -1)];
        } else if (key === deeper) {
            next = goal
                .filter((f) => this.tree.parent[f.node] === from.node)
                .sort((a, b) => b.x1 - b.x0 - a.x1 + a.x0)[0];
        } else {
            next = goal.find((f) => f.x0 <= middle && f.x1 >= middle);
        }
        if (next) this.select(next.node);
        return this.selected;
    }

    remove() {
        if (this.clock) this.clock.stop();
        this.box.remove();
    }
}
