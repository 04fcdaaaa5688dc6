/* Levers: sliders and number fields that follow each other, reset buttons, and the address that they make. */
(function () {
    const STEPS = 1000;
    const same = window.dash_clientside.no_update;

    /** The position of the slider for a value in the unit shown; `sim/server/pages/levers.py` has the same formula. */
    function place(value, scale) {
        let part = (value - scale.low) / (scale.high - scale.low);
        if (scale.kind === "log") {
            part = Math.log(value / scale.low) / Math.log(scale.high / scale.low);
        } else if (scale.kind === "cubic") {
            part = Math.cbrt(Math.max(part, 0));
        }
        return Math.round(STEPS * Math.min(Math.max(part, 0), 1));
    }

    /** The value at a position of the slider, with as many digits as the steps of the slider can resolve. */
    function value(at, scale) {
        const part = at / STEPS;
        if (at <= 0 || at >= STEPS) {
            return at <= 0 ? scale.low : scale.high;
        }
        const span = scale.high - scale.low;
        if (scale.kind === "log") {
            return Number((scale.low * Math.pow(scale.high / scale.low, part)).toPrecision(3));
        }
        if (scale.kind === "cubic") {
            return Number((scale.low + span * part * part * part).toPrecision(2));
        }
        const digits = Math.max(0, 3 - Math.floor(Math.log10(span) + 1e-9));
        return Number((scale.low + span * part).toFixed(digits));
    }

    /** A value of a scenario in the unit shown. */
    function shown(own, scale) {
        return Number((own * scale.factor).toPrecision(6));
    }

    window.dash_clientside.levers = {
        turn(at, number, clicks, scales, scenarios, scenario) {
            const by = window.dash_clientside.callback_context.triggered_id;
            const scale = scales[by.lever];
            if (by.part === "reset") {
                const own = shown(scenarios[scenario].own[by.lever], scale);
                return [place(own, scale), own];
            }
            if (by.part === "input") {
                return typeof number === "number" ? [place(number, scale), same] : [same, same];
            }
            // The number field has moved the slider; keep its number, which has more digits than the slider.
            if (typeof number === "number" && place(number, scale) === at) {
                return [same, same];
            }
            return [same, value(at, scale)];
        },

        /** Fold the levers on a narrow screen at first; otherwise they would hide everything else. */
        fold() {
            return window.innerWidth > 860;
        },

        unchoose(clicks, scenarios, scenario) {
            const by = window.dash_clientside.callback_context.triggered_id;
            return scenarios[scenario].own[by.lever];
        },

        choose(scenario, clicks, ids, choices, seed, scales, scenarios) {
            const by = window.dash_clientside.callback_context.triggered_id;
            const own = scenarios[scenario].own;
            const anew = by === "scenario";
            return [
                ids.map((id) => shown(own[id.lever], scales[id.lever])),
                choices.map((id) => own[id.lever]),
                anew ? scenarios[scenario].seed : seed,
                scenarios[scenario].about,
            ];
        },

        address(numbers, words, seed, scenario, ids, choices, rows, scales, scenarios) {
            const own = scenarios[scenario].own;
            const turned = {};
            ids.forEach((id, index) => {
                const scale = scales[id.lever];
                const number = numbers[index];
                if (typeof number === "number" && number !== shown(own[id.lever], scale)) {
                    turned[id.lever] = String(Number((number / scale.factor).toPrecision(12)));
                }
            });
            choices.forEach((id, index) => {
                if (words[index] !== own[id.lever]) {
                    turned[id.lever] = words[index];
                }
            });
            const params = new URLSearchParams({scenario, ...turned});
            if (typeof seed === "number" && seed !== scenarios[scenario].seed) {
                params.set("seed", String(seed));
            }
            const count = Object.keys(turned).length;
            return [
                params.toString(),
                rows.map((id) => (id.lever in turned ? "lever turned" : "lever")),
                count ? `${count} changed` : "",
            ];
        },
    };
})();
