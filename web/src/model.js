// SPDX-License-Identifier: MIT
//
// model.js -- the profile as trees of calls: totals by node, and the trees seen from one function.

/** Columns that a tree adds up: what is shown, its sampling variance, raw samples; in a difference the older too. */
const SUMS = ["value", "variance", "samples", "before", "unsampled", "width"];

/** A tree whose nodes stand behind their parents, with what each has itself and with all below it. */
export class Tree {
    constructor(size) {
        this.size = size;
        this.parent = new Int32Array(size);
        this.func = new Int32Array(size);
        this.line = new Int32Array(size);
        this.depth = new Uint16Array(size);
        this.self = {};
        this.total = {};
        for (const sum of SUMS) this.self[sum] = new Float64Array(size);
    }

    /** Adds the nodes up towards the root, and finds every node's children. */
    addUp() {
        const { size, parent } = this;
        for (const sum of SUMS) {
            const total = (this.total[sum] = this.self[sum].slice());
            for (let i = size - 1; i > 0; i--) total[parent[i]] += total[i];
        }
        const first = (this.first = new Int32Array(size).fill(-1));
        const next = (this.next = new Int32Array(size).fill(-1));
        for (let i = size - 1; i > 0; i--) {
            next[i] = first[parent[i]];
            first[parent[i]] = i;
        }
        this.sorted = new Map();
        return this;
    }

    /** Children, the widest first. */
    children(node) {
        let list = this.sorted.get(node);
        if (!list) {
            const { width } = this.total;
            list = [];
            for (let i = this.first[node]; i >= 0; i = this.next[i]) if (width[i] > 0) list.push(i);
            list.sort((a, b) => width[b] - width[a] || a - b);
            this.sorted.set(node, list);
        }
        return list;
    }
}

/** Half of the 95 % interval. */
export function margin(variance) {
    return 1.96 * Math.sqrt(Math.max(0, variance));
}

const LIVE = /^(inuse|requested|waste)/;

export class Model {
    constructor(data) {
        this.data = data;
        this.names = data.functions.name;
        this.nfunctions = this.names.length;
        this.structure(data.nodes);
    }

    structure({ depth, func, line }) {
        const at = [];
        this.parents = new Int32Array(depth.length);
        for (let i = 0; i < depth.length; i++) {
            this.parents[i] = depth[i] > 0 ? at[depth[i] - 1] : 0;
            at[depth[i]] = i;
        }
        this.nodes = {
            func: Int32Array.from(func),
            line: Int32Array.from(line),
            depth: Uint16Array.from(depth),
        };
    }

    /** The tree of all calls for one of the profile's values; `change`: as wide as what changed. */
    tree(index, change) {
        const { sites, values, difference } = this.data;
        const tree = new Tree(this.parents.length);
        tree.parent = this.parents;
        Object.assign(tree, this.nodes);
        const columns = sites.columns[index];
        const raw = LIVE.test(values[index].name) ? sites.live : sites.taken;
        for (let i = 0; i < sites.node.length; i++) {
            const node = sites.node[i];
            const value = columns.value[i];
            const before = difference ? columns.before[i] : 0;
            tree.self.value[node] += value;
            tree.self.before[node] += before;
            tree.self.variance[node] += columns.variance ? columns.variance[i] : 0;
            tree.self.samples[node] += raw[i];
            tree.self.unsampled[node] += sites.unsampled[i];
            tree.self.width[node] += difference
                ? change
                    ? Math.abs(value)
                    : Math.max(before, before + value)
                : Math.max(0, value);
        }
        return tree.addUp();
    }

    /** Self and total of every function; a function that calls itself counts once. */
    functions(tree) {
        const rows = { self: {}, total: {} };
        for (const sum of SUMS) {
            rows.self[sum] = new Float64Array(this.nfunctions);
            rows.total[sum] = new Float64Array(this.nfunctions);
        }
        const { func, size } = tree;
        const outermost = this.outermost(tree);
        for (const sum of SUMS) {
            const [self, total] = [rows.self[sum], rows.total[sum]];
            const [ofSelf, ofTotal] = [tree.self[sum], tree.total[sum]];
            for (let i = 0; i < size; i++) {
                self[func[i]] += ofSelf[i];
                if (outermost[i]) total[func[i]] += ofTotal[i];
            }
        }
        return rows;
    }

    /** Which nodes have none of the same function above them. */
    outermost(tree) {
        const open = new Int32Array(this.nfunctions);
        const path = [];
        const { func, depth, size } = tree;
        const flags = new Uint8Array(size);
        for (let i = 0; i < size; i++) {
            while (path.length > depth[i]) open[path.pop()]--;
            flags[i] = open[func[i]]++ === 0 ? 1 : 0;
            path.push(func[i]);
        }
        return flags;
    }

    /** The value below frames of functions that match, each byte once. */
    matched(tree, flags) {
        const inside = new Uint8Array(tree.size);
        let sum = 0;
        let variance = 0;
        for (let i = 1; i < tree.size; i++) {
            const above = inside[tree.parent[i]];
            inside[i] = above || flags[tree.func[i]];
            if (inside[i] && !above) {
                sum += tree.total.value[i];
                variance += tree.total.variance[i];
            }
        }
        return { sum, half: margin(variance) };
    }

    /** The calls below a function, whoever called it, as one tree with the function at its root. */
    callees(tree, func) {
        const flags = this.outermost(tree);
        const growing = new Growing();
        const place = new Map();
        for (let i = 0; i < tree.size; i++) {
            const above = place.get(tree.parent[i]);
            let node = -1;
            if (tree.func[i] === func && flags[i]) node = growing.root(func);
            else if (above !== undefined && i !== 0) node = growing.child(above, tree.func[i], tree.line[i]);
            if (node < 0) continue;
            place.set(i, node);
            growing.add(node, tree.self, i);
        }
        return growing.tree();
    }

    /** Who calls a function: a tree with the function at its root, and callers for children. */
    callers(tree, func) {
        const flags = this.outermost(tree);
        const growing = new Growing();
        for (let i = 0; i < tree.size; i++) {
            if (tree.func[i] !== func || !flags[i]) continue;
            let node = growing.root(func);
            for (let up = i; up !== 0;) {
                up = tree.parent[up];
                node = growing.child(node, tree.func[up], tree.line[up]);
            }
            growing.add(node, tree.total, i);
        }
        return growing.tree();
    }
}

/** A tree that is made node by node. */
class Growing {
    constructor() {
        this.parents = [];
        this.funcs = [];
        this.lines = [];
        this.sums = SUMS.map(() => []);
        this.known = new Map();
    }

    node(parent, func, line, key) {
        const id = this.parents.length;
        this.known.set(key, id);
        this.parents.push(parent);
        this.funcs.push(func);
        this.lines.push(line);
        for (const column of this.sums) column.push(0);
        return id;
    }

    root(func) {
        return this.parents.length ? 0 : this.node(0, func, 0, "root");
    }

    child(parent, func, line) {
        const key = parent * 0x200000 + func;
        const id = this.known.get(key);
        if (id === undefined) return this.node(parent, func, line, key);
        if (this.lines[id] !== line) this.lines[id] = -1;
        return id;
    }

    add(node, columns, i) {
        SUMS.forEach((sum, k) => (this.sums[k][node] += columns[sum][i]));
    }

    tree() {
        const tree = new Tree(this.parents.length);
        tree.parent.set(this.parents);
        tree.func.set(this.funcs);
        tree.line.set(this.lines);
        for (let i = 1; i < tree.size; i++) tree.depth[i] = tree.depth[tree.parent[i]] + 1;
        SUMS.forEach((sum, k) => tree.self[sum].set(this.sums[k]));
        return tree.addUp();
    }
}
