/* The compare page: what is asked, the job that answers it, and the words and tables of the answer. */
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

    /** The query of one world, with a prefix or without. */
    function worldQuery(side, scenarios, seed, prefix) {
        const said = new URLSearchParams({[`${prefix}scenario`]: side.scenario});
        Object.entries(side.turned).forEach(([name, value]) => said.set(prefix + name, String(value)));
        if (!prefix && seed !== scenarios[side.scenario].seed) {
            said.set("seed", String(seed));
        }
        return said;
    }

    function queryOf(question, scenarios) {
        const said = new URLSearchParams();
        SIDES.forEach((side) =>
            worldQuery(question[side], scenarios, question.seed, `${side}.`).forEach((value, key) => said.set(key, value)),
        );
        said.set("seed", String(question.seed));
        said.set("runs", String(question.runs));
        if (typeof question.quarters === "number") {
            said.set("quarters", String(question.quarters));
        }
        return said.toString();
    }

    async function ask(query, method) {
        let answer;
        try {
            answer = await fetch(`/api/compare?${query}`, {method, credentials: "same-origin"});
        } catch (error) {
            return {state: "failed", message: "The server does not answer. Is it still running?"};
        }
        try {
            const found = await answer.json();
            return answer.ok ? found : {state: "refused", message: found.error || `The server answered with ${answer.status}.`};
        } catch (error) {
            return {state: "failed", message: `The server answered with ${answer.status} and nothing to read.`};
        }
    }

    function rowOf(row) {
        const cells = row.cells.map((text, place) => h("Td", place === 3 ? {className: "difference"} : {}, text));
        return h("Tr", {className: row.kind}, h("Th", {scope: "row"}, row.label), cells, h("Td", {className: "verdict"}, row.verdict));
    }

    function table(found) {
        const heads = ["Outcome", "Unit", "Mean A", "Mean B", "A less B", "90 percent interval", ""];
        return h(
            "Table",
            {className: "outcomes"},
            h("Thead", {}, h("Tr", {}, heads.map((text) => h("Th", {scope: "col"}, text)))),
            h("Tbody", {}, found.rows.map(rowOf)),
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
        edit(scenarios, adds, drops, runs, seed, quarters, swaps, levers, numbers, words, question, lists) {
            const by = context().triggered_id;
            const now = JSON.parse(JSON.stringify(question));
            const stay = [same, same];
            if (by === "compare-swap") {
                [now.a, now.b] = [now.b, now.a];
                return [now, stay, SIDES.map((side) => now[side].scenario)];
            }
            if (typeof by === "string") {
                const name = by.replace("compare-", "");
                const given = {runs, seed, quarters}[name];
                if (typeof given === "number") {
                    now[name] = given;
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
                    const kept = lever.choices.length ? value : Number((value / lever.factor).toPrecision(12));
                    now[by.side].turned[levers[at]] = kept;
                }
                return [now, SIDES.map((side) => (side === by.side ? null : same)), stay];
            } else if (by && by.drop && context().triggered[0].value) {
                delete now[by.from].turned[by.drop];
            }
            return JSON.stringify(now) === JSON.stringify(question) ? [same, stay, stay] : [now, stay, stay];
        },

        picked(name, question, id, lists) {
            const lever = lists.levers[name];
            const none = ["", undefined, undefined, true, "add-number", [], null, "add-word hidden", "", true];
            if (!lever) {
                return none;
            }
            const by = context().triggered.map((one) => one.prop_id).join();
            if (by === "compare-question.data") {
                return none.map(() => same);
            }
            const side = question[id.side];
            const value = shown(lever, side.turned[name] ?? lists.scenarios[side.scenario].own[name]);
            if (lever.choices.length) {
                const words = lever.choices.map((word) => ({value: word, label: word}));
                return ["", undefined, undefined, true, "add-number hidden", words, value, "add-word", "", false];
            }
            const ends = `${lever.low.toLocaleString("en-US")} to ${lever.high.toLocaleString("en-US")}`;
            return [value, lever.low, lever.high, false, "add-number", [], null, "add-word hidden", `${lever.unit}, ${ends}`, false];
        },

        sides(question, lists) {
            const query = queryOf(question, lists.scenarios);
            window.capflow.show(query);
            const chips = SIDES.map((side) => {
                const found = Object.entries(question[side].turned).map(([name, value]) => {
                    const lever = lists.levers[name];
                    const told = lever.choices.length ? value : minus(`${shown(lever, value)}${lever.unit === "factor" ? "" : ` ${lever.unit}`}`);
                    return h(
                        "Span",
                        {className: "chip"},
                        `${lever.meaning}: ${told}`,
                        h(
                            "Button",
                            {id: {drop: name, from: side}, "aria-label": `Remove ${lever.meaning} from world ${side.toUpperCase()}`},
                            "\u00d7",
                        ),
                    );
                });
                return found.length ? found : h("Span", {className: "note"}, "No lever turned: the scenario as it is.");
            });
            const about = SIDES.map((side) => lists.scenarios[question[side].scenario].about);
            const links = SIDES.map((side) => `/?${worldQuery(question[side], lists.scenarios, question.seed, "")}`);
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
            const found = await ask(query, method);
            // What the page asks may have changed meanwhile.
            if (`?${query}` !== window.location.search) {
                return [same, same];
            }
            const going = found.state === "running" || found.state === "waiting";
            return [{...found, query}, !going];
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
                const text = "Nothing has been run for these two worlds yet. Choose what differs between A and B, then press Run the comparison.";
                return [h("P", {className: "empty"}, text), false];
            }
            return ["", true];
        },

        async fetch(job) {
            if (!job || job.state !== "done") {
                return [same, true];
            }
            if (fetched && fetched.asked === job.query) {
                return [fetched, false];
            }
            try {
                fetched = {...(await window.capflow.get(`/api/compare/result?${job.query}`)), asked: job.query};
                return [fetched, false];
            } catch (error) {
                return [same, true];
            }
        },

        words(found, ids) {
            if (!found) {
                return [same, same, same, same, same, ids.map(() => same)];
            }
            const [a, b] = found.labels;
            const [first, last] = found.seeds;
            const words = [
                h("H2", {}, h("Span", {className: "tag tag-a"}, "A"), ` ${a} against `, h("Span", {className: "tag tag-b"}, "B"), ` ${b}`),
                ...found.words.map((text, index) => h("P", {className: index ? "" : "lead"}, text)),
                h(
                    "P",
                    {className: "note"},
                    `${found.runs} pairs of histories, seeds ${first} to ${last}, ${found.quarters[1]} to ` +
                        `${found.quarters[found.quarters.length - 1]}. Attribution is accounting; the difference of the worlds is cause.`,
                ),
            ];
            const note =
                "Lines are medians of the histories, dark bands hold half of them and light bands nine in ten. Solid: " +
                `A, ${a}. Dashed: B, ${b}.`;
            const links = ids.map((id) => `/api/compare/${id.csv}.csv?${found.asked}`);
            window.capflow.picture = (name, title) => [
                title,
                `A: ${a}. B: ${b}. ${found.runs} pairs, seeds from ${first}`,
                `comparison-${name}`,
            ];
            return [words, found.cards.map(card), found.cause_note, table(found), note, links];
        },

        /** The figures, made by the server for the width of this window. */
        async draw(found, ids) {
            const nothing = [ids.map(() => same), ids.map(() => same)];
            if (!found) {
                return nothing;
            }
            try {
                const figures = await window.capflow.get(`/api/compare/figures?${found.asked}&width=${window.innerWidth}`);
                const chosen = ids.map(({compare}) => figures[compare]);
                return [chosen, chosen.map(({layout}) => (layout.height ? {height: `${layout.height}px`} : same))];
            } catch (error) {
                return [ids.map(() => window.capflow.blank(error.message)), nothing[1]];
            }
        },
    };
})();
