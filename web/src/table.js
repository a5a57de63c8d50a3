// SPDX-License-Identifier: MIT
//
// table.js -- the functions: what each allocates itself, and with what it calls.
import { select } from "d3-selection";
import { margin } from "./model.js";
import { amount, baseName, brief, share, signed } from "./text.js";

const FIRST = 50;

export class Table {
    constructor(root, { data, colours, open, more, shown }) {
        Object.assign(this, { data, colours, open, shown });
        this.root = select(root);
        this.more = more;
        this.key = "self";
        this.all = false;
        more.addEventListener("click", () => {
            this.all = true;
            this.draw();
        });
    }

    show(rows, whole, unit, matches) {
        Object.assign(this, { rows, whole, unit, matches });
        this.draw();
    }

    columns() {
        const { data } = this;
        const columns = [
            { key: "self", label: "Self", number: true },
            { key: "total", label: "Total", number: true },
        ];
        if (data.has_errors) columns.push({ key: "samples", label: "Samples", number: true });
        columns.push({ key: "name", label: "Function" }, { key: "place", label: "Where" });
        return columns;
    }

    order() {
        const { rows, data, key, matches } = this;
        const list = [];
        for (let f = 1; f < data.functions.name.length; f++) {
            if (rows.total.width[f] > 0 && (!matches || matches[f])) list.push(f);
        }
        const size = (f) => Math.abs(key === "samples" ? rows.self.samples[f] : rows[key].value[f]);
        const place = (f) => data.modules[data.functions.module[f]] || "";
        if (key === "name") list.sort((a, b) => data.functions.name[a].localeCompare(data.functions.name[b]));
        else if (key === "place") list.sort((a, b) => place(a).localeCompare(place(b)) || a - b);
        else list.sort((a, b) => size(b) - size(a) || rows.total.width[b] - rows.total.width[a]);
        return list;
    }

    number(sums, f) {
        const value = sums.value[f];
        if (this.data.difference) return signed(value, this.unit);
        return amount(value, this.unit);
    }

    error(sums, f) {
        const half = margin(sums.variance[f]);
        return this.data.has_errors && half > 0 ? `\u00b1 ${amount(half, this.unit)}` : "";
    }

    draw() {
        const { data, root } = this;
        const columns = this.columns();
        root.select("thead")
            .selectAll("tr")
            .data([0])
            .join("tr")
            .selectAll("th")
            .data(columns)
            .join("th")
            .attr("class", (c) => (c.number ? "number" : null))
            .attr("colspan", (c) => (c.key === "self" || c.key === "total" ? 3 : 1))
            .attr("aria-sort", (c) => (c.key === this.key ? "descending" : null))
            .selectAll("button")
            .data((c) => [c])
            .join("button")
            .text((c) => c.label)
            .on("click", (event, c) => {
                this.key = c.key;
                this.draw();
            });
        const list = this.order();
        const seen = this.all ? list : list.slice(0, FIRST);
        this.more.hidden = seen.length === list.length;
        this.more.textContent = `Show all ${list.length}`;
        this.shown.textContent = `${list.length} ${this.matches ? "match" : "in all"}`;
        const tr = root
            .select("tbody")
            .selectAll("tr")
            .data(seen)
            .join("tr")
            .attr("tabindex", 0)
            .attr("class", (f) =>
                this.colours.isSure(this.rows.self, f) || !this.rows.self.value[f] ? null : "unsure",
            )
            .on("click", (event, f) => this.open(f))
            .on("keydown", (event, f) => event.key === "Enter" && (event.stopPropagation(), this.open(f)));
        tr.selectAll("td")
            .data((f) => this.cells(f))
            .join("td")
            .attr("class", (c) => c.class)
            .attr("title", (c) => c.title || null)
            .style("--part", (c) => c.part ?? null)
            .style("--hue", (c) => c.hue || null)
            .text((c) => c.text);
    }

    cells(f) {
        const { rows, data, whole } = this;
        const cells = [];
        const { theme } = this.colours;
        for (const sums of [rows.self, rows.total]) {
            const value = sums.value[f];
            const empty = !value && !sums.before[f];
            const part = whole ? Math.min(1, Math.abs(value / whole)) : 0;
            const hue = !data.difference ? null : value > 0 ? theme.up : theme.down;
            cells.push({ class: "number", text: empty ? "" : this.number(sums, f) });
            cells.push({ class: "error", text: empty ? "" : this.error(sums, f) });
            cells.push({ class: "part", text: empty ? "" : share(value, whole), part, hue });
        }
        if (data.has_errors) {
            const n = rows.self.samples[f];
            cells.push({ class: "number", text: n ? amount(n, "count") : "" });
        }
        const name = data.functions.name[f];
        const module = data.modules[data.functions.module[f]] || "";
        const file = data.functions.file[f];
        cells.push({ class: "name", text: brief(name, 80), title: name });
        cells.push({ class: "where", text: file ? baseName(file) : baseName(module), title: file || module });
        return cells;
    }
}
