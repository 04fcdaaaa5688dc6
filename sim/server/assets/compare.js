/* The compare page: its settings, the job that runs the comparison, and the results in words and tables. */
(function () {
    const {h, minus} = window.capflow;
    const same = window.dash_clientside.no_update;
    const SIDES = ["a", "b"];
    let fetched = null;

    const context = () => window.dash_clientside.callback_context;

    /** A value of a lever in the unit shown. */
    function shown(lever, value) {
        return lever.choices.length ? value : Number((value * lever.factor).toPrecision(6));
    }

    /** The query of one scenario, with a prefix or without. */
    function sideQuery(side, scenarios, seed, prefix) {
        const params = new URLSearchParams({[`${prefix}scenario`]: side.scenario});
        Object.entries(side.turned).forEach(([name, value]) => params.set(prefix + name, String(value)));
        if (!prefix && seed !== scenarios[side.scenario].seed) {
            params.set("seed", String(seed));
        }
        return params;
    }

    function queryOf(settings, scenarios) {
        const params = new URLSearchParams();
        SIDES.forEach((side) =>
            sideQuery(settings[side], scenarios, settings.seed, `${side}.`).forEach((value, key) => params.set(key, value)),
        );
        params.set("seed", String(settings.seed));
        params.set("runs", String(settings.runs));
        if (typeof settings.quarters === "number") {
            params.set("quarters", String(settings.quarters));
        }
        return params.toString();
    }

    async function ask(query, method) {
        let answer;
        try {
            answer = await fetch(`/api/compare?${query}`, {method, credentials: "same-origin"});
        } catch (error) {
            return {state: "failed", message: "The server does not answer. Is it still running?"};
        }
        try {
            const content = await answer.json();
            return answer.ok ? content : {state: "refused", message: content.error || `The server answered with ${answer.status}.`};
        } catch (error) {
            return {state: "failed", message: `The server answered with ${answer.status} and no content.`};
        }
    }

    function rowOf(row) {
        const cells = row.cells.map((text, place) => h("Td", place === 3 ? {className: "difference"} : {}, text));
        return h("Tr", {className: row.kind}, h("Th", {scope: "row"}, row.label), cells, h("Td", {className: "verdict"}, row.verdict));
    }

    function table(comparison) {
        const heads = ["Outcome", "Unit", "Mean A", "Mean B", "A less B", "90 percent interval", ""];
        return h(
            "Table",
            {className: "outcomes"},
            h("Thead", {}, h("Tr", {}, heads.map((text) => h("Th", {scope: "col"}, text)))),
            h("Tbody", {}, comparison.rows.map(rowOf)),
        );
    }

    function card({label, value, note, kind}) {
        return h(
            "Div",
            {className: `card ${kind}`},
            h("Span", {className: "card-label"}, label),
            h("Strong", {className: "card-value"}, value),
            h("Span", {className: "card-note"}, note),
        );
    }

    window.dash_clientside.compare = {
        edit(scenarios, adds, drops, runs, seed, quarters, swaps, levers, numbers, words, settings, lists) {
            const by = context().triggered_id;
            const now = JSON.parse(JSON.stringify(settings));
            const stay = [same, same];
            if (by === "compare-swap") {
                [now.a, now.b] = [now.b, now.a];
                return [now, stay, SIDES.map((side) => now[side].scenario)];
            }
            if (typeof by === "string") {
                const name = by.replace("compare-", "");
                const number = {runs, seed, quarters}[name];
                if (typeof number === "number") {
                    now[name] = number;
                } else if (name === "quarters") {
                    now.quarters = null;
                }
            } else if (by && by.part === "scenario") {
                const chosen = scenarios[SIDES.indexOf(by.side)];
                if (chosen === now[by.side].scenario) {
                    return [same, stay, stay];
                }
                now[by.side] = {scenario: chosen, turned: {}};
            } else if (by && by.part === "add") {
                const at = SIDES.indexOf(by.side);
                const lever = lists.levers[levers[at]];
                const value = lever && (lever.choices.length ? words[at] : numbers[at]);
                if (!adds[at] || !lever || value === "" || value === null || value === undefined) {
                    return [same, stay, stay];
                }
                const own = lists.scenarios[now[by.side].scenario].own[levers[at]];
                if (value === shown(lever, own)) {
                    delete now[by.side].turned[levers[at]];
                } else {
                    const rescaled = lever.choices.length ? value : Number((value / lever.factor).toPrecision(12));
                    now[by.side].turned[levers[at]] = rescaled;
                }
                return [now, SIDES.map((side) => (side === by.side ? null : same)), stay];
            } else if (by && by.drop && context().triggered[0].value) {
                delete now[by.from].turned[by.drop];
            }
            return JSON.stringify(now) === JSON.stringify(settings) ? [same, stay, stay] : [now, stay, stay];
        },

        picked(name, settings, id, lists) {
            const lever = lists.levers[name];
            const none = ["", undefined, undefined, true, "add-number", [], null, "add-word hidden", "", true];
            if (!lever) {
                return none;
            }
            const by = context().triggered.map((input) => input.prop_id).join();
            if (by === "compare-settings.data") {
                return none.map(() => same);
            }
            const side = settings[id.side];
            const value = shown(lever, side.turned[name] ?? lists.scenarios[side.scenario].own[name]);
            if (lever.choices.length) {
                const words = lever.choices.map((word) => ({value: word, label: word}));
                return ["", undefined, undefined, true, "add-number hidden", words, value, "add-word", "", false];
            }
            const ends = `${lever.low.toLocaleString("en-US")} to ${lever.high.toLocaleString("en-US")}`;
            return [value, lever.low, lever.high, false, "add-number", [], null, "add-word hidden", `${lever.unit}, ${ends}`, false];
        },

        sides(settings, lists) {
            const query = queryOf(settings, lists.scenarios);
            window.capflow.show(query);
            const chips = SIDES.map((side) => {
                const chips = Object.entries(settings[side].turned).map(([name, value]) => {
                    const lever = lists.levers[name];
                    const text = lever.choices.length ? value : minus(`${shown(lever, value)}${lever.unit === "factor" ? "" : ` ${lever.unit}`}`);
                    return h(
                        "Span",
                        {className: "chip"},
                        `${lever.meaning}: ${text}`,
                        h(
                            "Button",
                            {id: {drop: name, from: side}, "aria-label": `Remove ${lever.meaning} from scenario ${side.toUpperCase()}`},
                            "\u00d7",
                        ),
                    );
                });
                return chips.length ? chips : h("Span", {className: "note"}, "No lever turned: the scenario as it is.");
            });
            const about = SIDES.map((side) => lists.scenarios[settings[side].scenario].about);
            const links = SIDES.map((side) => `/?${sideQuery(settings[side], lists.scenarios, settings.seed, "")}`);
            return [chips, about, links, query];
        },

        async follow(query, runs, cancels, ticks, job) {
            if (!query) {
                return [same, same];
            }
            const by = context().triggered_id;
            let method = "GET";
            if (by === "compare-run") {
                method = "POST";
            } else if (by && by.cancel) {
                if (!cancels.some((count) => count)) {
                    return [same, same];
                }
                method = "DELETE";
            }
            const answer = await ask(query, method);
            // The settings may have changed meanwhile.
            if (`?${query}` !== window.location.search) {
                return [same, same];
            }
            const going = answer.state === "running" || answer.state === "waiting";
            return [{...answer, query}, !going];
        },

        status(job) {
            if (!job) {
                return ["", true];
            }
            const cancel = h("Button", {id: {cancel: "comparison"}, className: "quiet"}, "Cancel");
            if (job.state === "waiting") {
                const place = job.place === 1 ? "next" : `number ${job.place} in line`;
                return [h("Div", {className: "progress"}, h("Span", {}, `Waiting for another comparison to end: ${place}.`), cancel), true];
            }
            if (job.state === "running") {
                const {part, words} = job.progress;
                const bar = h("Progress", {max: 1, "aria-label": "Progress", ...(part === null ? {} : {value: part})});
                const text = `${words}. ${Math.round(job.seconds)} s so far.`;
                return [h("Div", {className: "progress"}, h("Span", {}, text), cancel, bar), true];
            }
            if (job.state === "failed" || job.state === "refused") {
                const start = job.state === "failed" ? "The comparison failed: " : "";
                return [h("P", {className: "alert"}, start + job.message), false];
            }
            if (job.state === "cancelled") {
                return [h("P", {className: "empty"}, "Cancelled. Run the comparison to start it again."), false];
            }
            if (job.state === "none") {
                const text = "Nothing has been run for these two scenarios yet. Choose what differs between A and B, then press Run the comparison.";
                return [h("P", {className: "empty"}, text), false];
            }
            return ["", true];
        },

        async fetch(job) {
            if (!job || job.state !== "done") {
                return [same, true];
            }
            if (fetched && fetched.query === job.query) {
                return [fetched, false];
            }
            try {
                fetched = {...(await window.capflow.get(`/api/compare/result?${job.query}`)), query: job.query};
                return [fetched, false];
            } catch (error) {
                return [same, true];
            }
        },

        words(comparison, ids) {
            if (!comparison) {
                return [same, same, same, same, same, ids.map(() => same)];
            }
            const [a, b] = comparison.labels;
            const [first, last] = comparison.seeds;
            const words = [
                h("H2", {}, h("Span", {className: "tag tag-a"}, "A"), ` ${a} against `, h("Span", {className: "tag tag-b"}, "B"), ` ${b}`),
                ...comparison.words.map((text, index) => h("P", {className: index ? "" : "lead"}, text)),
                h(
                    "P",
                    {className: "note"},
                    `${comparison.runs} pairs of histories, seeds ${first} to ${last}, ${comparison.quarters[1]} to ` +
                        `${comparison.quarters[comparison.quarters.length - 1]}. Attribution is accounting; the difference between A and B is cause.`,
                ),
            ];
            const note =
                "Lines are medians of the histories, dark bands hold half of them and light bands nine in ten. Solid: " +
                `A, ${a}. Dashed: B, ${b}.`;
            const links = ids.map((id) => `/api/compare/${id.csv}.csv?${comparison.query}`);
            window.capflow.picture = (name, title) => [
                title,
                `A: ${a}. B: ${b}. ${comparison.runs} pairs, seeds from ${first}`,
                `comparison-${name}`,
            ];
            return [words, comparison.cards.map(card), comparison.cause_note, table(comparison), note, links];
        },

        /** The figures, made by the server for the width of this window. */
        async draw(comparison, ids) {
            const nothing = [ids.map(() => same), ids.map(() => same)];
            if (!comparison) {
                return nothing;
            }
            try {
                const figures = await window.capflow.get(`/api/compare/figures?${comparison.query}&width=${window.innerWidth}`);
                const chosen = ids.map(({compare}) => figures[compare]);
                return [chosen, chosen.map(({layout}) => (layout.height ? {height: `${layout.height}px`} : same))];
            } catch (error) {
                return [ids.map(() => window.capflow.blank(error.message)), nothing[1]];
            }
        },
    };
})();
