// SPDX-License-Identifier: MIT
//
// keys.js -- the keyboard: one action for every key; a field that is written in keeps its keys.

/** `actions` by key; `arrow(key)` for all four arrows. */
export function listenToKeys(actions) {
    document.addEventListener("keydown", (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
        const { target, key } = event;
        if (target.tagName === "INPUT") {
            if (key === "Enter") target.blur();
            if (key === "Escape") {
                target.value = "";
                target.dispatchEvent(new Event("input"));
                target.blur();
            }
            return;
        }
        const pressed = target.tagName === "BUTTON" || target.tagName === "SELECT";
        if (pressed && (key === "Enter" || (target.tagName === "SELECT" && key.startsWith("Arrow")))) return;
        const action = key.startsWith("Arrow") ? () => actions.arrow(key) : actions[key];
        if (!action) return;
        event.preventDefault();
        action();
    });
}
