/* The page of a sweep: choices go into the address, and each figure is fetched on its own. */
(function () {
    const {h, blank} = window.capflow;
    const same = window.dash_clientside.no_update;
    const latest = {};

    /** Fetch a part of the page for the width of its panel; returns nothing if a newer request was made meanwhile. */
    async function part(name, query) {
        latest[name] = query;
        const panel = document.querySelector(`#panel-${name}`);
        const width = panel ? `&width=${panel.clientWidth}` : "";
        let answer;
        try {
            answer = await window.capflow.get(`/api/sweep/${name}?${query}${width}`);
        } catch (error) {
            answer = {error: error.message};
        }
        return latest[name] === query ? answer : null;
    }

    async function picture(name, query, note = (answer) => answer.note) {
        const answer = query && (await part(name, query));
        if (!answer) {
            return [same, same, same];
        }
        const shown = answer.error ? [blank(answer.error), ""] : [answer.figure, note(answer)];
        return [...shown, `/api/sweep/${name}.csv?${query}`];
    }

    const titled = (label, unit) => (unit ? `${label}, ${unit}` : label);

    function table(heads, rows) {
        return h("Div", {className: "runs-scroll", tabIndex: "0", role: "group"},
            h("Table", {},
                h("Thead", {}, h("Tr", {}, ...heads.map(([head, kind]) => h("Th", {scope: "col", className: kind}, head)))),
                h("Tbody", {}, ...rows)));
    }

    function effectsNote(effects) {
        if (effects.reason) {
            return "";
        }
        const heads = [["Lever", ""], ["Measure", ""], ["Value", "number"], ["90 percent interval", "number"]];
        const rows = effects.indices.map((row) =>
            h("Tr", {}, h("Td", {}, row.label), h("Td", {}, effects.measures[row.measure]),
                h("Td", {className: "number"}, row.value_words), h("Td", {className: "number"}, row.interval_words)));
        const words = [...effects.notes, ...effects.words].map((text) => h("P", {}, text));
        return h("Details", {}, h("Summary", {}, `In words and numbers: ${effects.method}`), ...words, table(heads, rows));
    }

    function caseTable(cases, end) {
        const heads = [
            ["Live", ""], ["Outcome", "number"], ...cases.levers.map((lever) => [titled(lever.label, lever.unit), "number"]),
            ["Seed", "number"], ["Run", "number"],
        ];
        const rows = cases[end].map((row) => {
            const live = row.href
                ? h("A", {href: row.href, className: "runs-open", title: `Open run ${row.run} live`}, "Open live")
                : h("Span", {className: "note", title: row.reason}, cases.reason ? "no" : row.reason);
            const cells = [row.words, ...row.levers, String(row.seed), row.run.toLocaleString("en-US")];
            return h("Tr", {}, h("Td", {}, live), ...cells.map((cell) => h("Td", {className: "number"}, cell)));
        });
        const title = `${end === "highest" ? "Highest" : "Lowest"}: ${cases.outcome.title}`;
        return h("Div", {className: `runs-case runs-${end}`}, h("H3", {}, title), table(heads, rows));
    }

    window.dash_clientside.runs = {
        /** Write the choices into the address; the same lever is never on both axes. */
        choose(x, y, outcome, series, before) {
            const params = new URLSearchParams(before);
            const old = {x: params.get("x"), y: params.get("y")};
            if (x && x === y) {
                if (x !== old.x) {
                    y = old.x;
                } else {
                    x = old.y;
                }
            }
            Object.entries({x, y, outcome, series}).forEach(([key, value]) => {
                if (value) {
                    params.set(key, value);
                } else {
                    params.delete(key);
                }
            });
            const query = params.toString();
            window.capflow.show(query);
            document.title = `${params.get("sweep")} \u00b7 capflow`;
            window.capflow.picture = (name, title) => {
                const chosen = document.querySelector(name === "fan" ? "#runs-series" : "#runs-outcome");
                const what = chosen ? `${title}: ${chosen.value}` : title;
                return [what, `sweep ${params.get("sweep")}`, `${params.get("sweep")}-${name}`];
            };
            return [x, y, query];
        },

        map: (query) => picture("map", query),
        effects: (query) => picture("effects", query, effectsNote),
        distribution: (query) => picture("distribution", query),
        fan: (query) => picture("fan", query),

        async cases(query) {
            const cases = query && (await part("cases", query));
            if (!cases) {
                return [same, same];
            }
            const csv = `/api/sweep/cases.csv?${query}`;
            if (cases.error) {
                return [h("P", {className: "alert"}, cases.error), csv];
            }
            const reason = cases.reason
                && h("P", {className: "note", id: "runs-not-live"}, `The runs cannot be shown live: ${cases.reason}.`);
            const end = cases.quarter && !cases.reason && h(
                "P", {className: "note"},
                `The runs end in ${cases.quarter}. The live page opens at that quarter; the history there continues beyond it.`,
            );
            const tables = h("Div", {className: "runs-ends"}, caseTable(cases, "highest"), caseTable(cases, "lowest"));
            return [h("Div", {}, reason, end, tables), csv];
        },
    };
})();
