// SPDX-License-Identifier: MIT
//
// colour.js -- what the frames look like: a hue for every module, or red and blue for what grew and shrank.
import { hcl } from "d3-color";
import { interpolateLab } from "d3-interpolate";
import { margin } from "./model.js";

/** Fewer samples say too little about a frame. */
export const FEW = 10;

const HUES = [245, 55, 150, 305, 195, 20, 95, 345];
const THEMES = {
    light: {
        chroma: 29,
        light: 81,
        grey: "#e3e5e8",
        text: "#1a2027",
        mute: "#69717b",
        match: "#ffc53d",
        up: "#e0523f",
        down: "#3f7fd1",
        same: "#e9ebee",
        line: "#ffffff",
        focus: "#10151b",
    },
    dark: {
        chroma: 30,
        light: 41,
        grey: "#343a42",
        text: "#eef1f4",
        mute: "#98a1ac",
        match: "#a86f00",
        up: "#b8402f",
        down: "#2f66b0",
        same: "#2d333a",
        line: "#15191e",
        focus: "#ffffff",
    },
};

function hash(text) {
    let h = 2166136261;
    for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 16777619);
    return (h >>> 8) / 0x1000000;
}

export class Colours {
    /** `modules`: their numbers, the most important first. */
    constructor(data, modules) {
        this.data = data;
        this.rank = new Map(modules.map((module, i) => [module, i]));
        this.use("light");
    }

    use(theme) {
        this.theme = THEMES[theme];
        this.known = new Map();
    }

    ofModule(module, variation = 0.5) {
        const rank = this.rank.get(module);
        if (rank === undefined || rank >= HUES.length) return this.theme.grey;
        return this.shade(HUES[rank] + (variation - 0.5) * 14, variation);
    }

    shade(hue, variation) {
        const { chroma, light } = this.theme;
        return hcl(hue, chroma, light + (variation - 0.5) * 9).formatHex();
    }

    ofFunction(func) {
        let colour = this.known.get(func);
        if (!colour) {
            const { name, module } = this.data.functions;
            const variation = hash(name[func]);
            // Without modules there is nothing that hues could tell apart.
            if (this.rank.size === 0 && !name[func].startsWith("["))
                colour = this.shade(30 + 70 * variation, variation);
            else colour = this.ofModule(module[func], variation);
            this.known.set(func, colour);
        }
        return colour;
    }

    /** Grey within the error; the stronger, the more of the larger of both is new or gone. */
    ofChange(value, before, variance) {
        const larger = Math.max(Math.abs(before), Math.abs(before + value), Math.abs(value));
        const { up, down, same } = this.theme;
        if (!larger || value === 0 || Math.abs(value) < margin(variance)) return same;
        const strength = Math.min(1, Math.abs(value) / larger);
        return interpolateLab(same, value > 0 ? up : down)(0.25 + 0.75 * strength);
    }

    /** Whether there are samples enough to believe it; a change is believed when it is beyond its error. */
    isSure(sums, i) {
        if (this.data.difference) return Math.abs(sums.value[i]) >= margin(sums.variance[i]);
        return !this.data.has_errors || sums.unsampled[i] > 0 || sums.samples[i] >= FEW;
    }

    ofNode(tree, node) {
        const t = tree.total;
        if (this.data.difference) return this.ofChange(t.value[node], t.before[node], t.variance[node]);
        return this.isSure(t, node) ? this.ofFunction(tree.func[node]) : this.theme.grey;
    }
}
