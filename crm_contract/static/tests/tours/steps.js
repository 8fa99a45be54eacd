/* Steps that tours of contracts share; none of them depends on a language. */

// A busy machine takes its time; a tour is not there to measure it.
export const PATIENCE = {timeout: 60000};

export function press(name, within = "") {
    return {
        trigger: `${within} button[name=${name}]:visible`,
        run: "click",
        ...PATIENCE,
    };
}

export function pressClass(name) {
    return {trigger: `.o_statusbar_buttons button.${name}`, run: "click", ...PATIENCE};
}

export function turnTo(name) {
    return {trigger: `.o_notebook a.nav-link[name=${name}]`, run: "click", ...PATIENCE};
}

/** Type into a many2one and take what is suggested. */
export function choose(name, text, within = "") {
    return [
        {
            trigger: `${within} .o_field_widget[name=${name}] input`,
            run: `edit ${text}`,
        },
        {
            trigger: `.o-autocomplete--dropdown-item:contains(${text})`,
            run: "click",
        },
    ];
}

export function hasState(state) {
    return {
        trigger: `.o_field_statusbar .o_arrow_button_current[data-value=${state}]`,
        ...PATIENCE,
    };
}
