// SPDX-License-Identifier: MIT
//
// text.js -- numbers as people read them, and names that fit where they stand.
import { format } from "d3-format";

const count = format(",.0f");
const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

function bytes(value) {
    let unit = 0;
    let size = Math.abs(value);
    while (size >= 1023.95 && unit < UNITS.length - 1) {
        size /= 1024;
        unit++;
    }
    return `${value < 0 ? "\u2212" : ""}${unit ? size.toFixed(1) : Math.round(size)} ${UNITS[unit]}`;
}

export function amount(value, unit) {
    return unit === "bytes" ? bytes(value) : count(value).replace(/,/g, "\u2009");
}

export function signed(value, unit) {
    return (value > 0 ? "+" : "") + amount(value, unit);
}

export function share(part, whole) {
    if (!whole) return "0 %";
    const percent = (100 * part) / whole;
    const size = Math.abs(percent);
    return `${percent < 0 ? "\u2212" : ""}${size < 9.95 ? size.toFixed(1) : Math.round(size)} %`;
}

export function baseName(path) {
    return path.slice(path.lastIndexOf("/") + 1);
}

export function duration(seconds) {
    if (seconds < 120) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
    if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
    return `${(seconds / 3600).toFixed(1)} h`;
}

// Replaces what stands between brackets, however deep, by an ellipsis: "map<int, list<int>>" -> "map<…>".
// Brackets of operators stay.
function collapse(name, open, close) {
    let out = "";
    let depth = 0;
    for (let i = 0; i < name.length; i++) {
        const c = name[i];
        const operator = /operator[<>()-]*$/.test(name.slice(Math.max(0, i - 11), i));
        if (c === open && !operator) {
            if (depth++ === 0) out += name[i + 1] === close ? open : `${open}\u2026`;
        } else if (c === close && !operator && depth > 0) {
            if (--depth === 0) out += close;
        } else if (depth === 0) {
            out += c;
        }
    }
    return depth === 0 ? out : name;
}

function withoutArguments(name) {
    if (name.startsWith("(") || name.startsWith("[")) return name;
    return collapse(name, "(", ")").replace(/\(\u2026?\)(?: const)?$/, "");
}

/** Shorter and shorter forms of a name; the last is one word. */
const forms = new Map();
function formsOf(name) {
    let list = forms.get(name);
    if (!list) {
        list = [name];
        if (!name.startsWith("[")) {
            const plain = withoutArguments(name);
            const simple = collapse(plain, "<", ">");
            const last = simple.replace(/^.*(?:::|->)/, "");
            for (const form of [plain, simple, last])
                if (form && form.length < list.at(-1).length) list.push(form);
        }
        forms.set(name, list);
    }
    return list;
}

/** The longest form of a name that fits, the last cut if need be; "" when not even that. */
export function fit(name, room, measure) {
    const list = formsOf(name);
    for (const form of list) if (measure(form) <= room) return form;
    const word = list.at(-1);
    let low = 0;
    let high = word.length;
    while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (measure(`${word.slice(0, middle)}\u2026`) <= room) low = middle;
        else high = middle - 1;
    }
    return low >= 2 ? `${word.slice(0, low)}\u2026` : "";
}

/** For tables and paths: without arguments, templates shortened when long. */
export function brief(name, length = 60) {
    return formsOf(name).find((form) => form.length <= length) || formsOf(name).at(-1);
}
