/* The page of a sweep: choices go into the address, and every picture is fetched for itself. */
(function () {
    const {h, blank} = window.capflow;
    const {told, titled, heat, ribbon, mapNote, tornado, effectsNote, histogram, spreadNote, fans} = window.capflow.sweep;
    const same = window.dash_clientside.no_update;
    const latest = {};

    /** Fetch a picture, and draw it unless another one has been asked for meanwhile. */
    async function picture(name, query, palette, draw, note) {
        if (!query) {
            return [same, same, same];
        }
        latest[name] = query;
        const address = `/api/sweep/${name}`;
        try {
            const found = await window.capflow.get(`${address}?${query}`);
            if (latest[name] !== query) {
                return [same, same, same];
            }
            return [draw(found, palette), note(found), `${address}.csv?${query}`];
        } catch (error) {
            return latest[name] === query ? [blank(error.message), "", `${address}.csv?${query}`] : [same, same, same];
        }
    }

    function caseTable(found, end) {
        const heads = [
            ["Live", ""], ["Outcome", "number"], ...found.levers.map((lever) => [titled(lever.label, lever.unit), "number"]),
            ["Seed", "number"], ["Run", "number"],
        ];
        const rows = found[end].map((row) => {
            const words = `Open run ${row.run} live`;
            const live = row.href
                ? h("A", {href: row.href, className: "runs-open", title: words}, "Open live")
                : h("Span", {className: "note", title: row.reason}, found.reason ? "no" : row.reason);
            const cells = [told(row.value, found.outcome), ...row.levers, String(row.seed), row.run.toLocaleString("en-US")];
            return h("Tr", {}, h("Td", {}, live), ...cells.map((cell) => h("Td", {className: "number"}, cell)));
        });
        const title = `${end === "highest" ? "Highest" : "Lowest"}: ${found.outcome.title}`;
        return h(
            "Div", {className: `runs-case runs-${end}`},
            h("H3", {}, title),
            h("Div", {className: "runs-scroll", tabIndex: "0", role: "group"},
              h("Table", {},
                h("Thead", {}, h("Tr", {}, ...heads.map(([head, kind]) => h("Th", {scope: "col", className: kind}, head)))),
                h("Tbody", {}, ...rows))),
        );
    }

    window.dash_clientside.runs = {
        /** Choices into the address; the same lever is never on both sides. */
        choose(x, y, outcome, series, before) {
            const said = new URLSearchParams(before);
            const old = {x: said.get("x"), y: said.get("y")};
            if (x && x === y) {
                if (x !== old.x) {
                    y = old.x;
                } else {
                    x = old.y;
                }
            }
            Object.entries({x, y, outcome, series}).forEach(([key, value]) => {
                if (value) {
                    said.set(key, value);
                } else {
                    said.delete(key);
                }
            });
            const query = said.toString();
            window.capflow.show(query);
            document.title = `${said.get("sweep")} \u00b7 capflow`;
            window.capflow.picture = (name, title) => {
                const chosen = document.querySelector(name === "fan" ? "#runs-series" : "#runs-outcome");
                const what = chosen ? `${title}: ${chosen.value}` : title;
                return [what, `sweep ${said.get("sweep")}`, `${said.get("sweep")}-${name}`];
            };
            return [x, y, query];
        },

        map: (query, palette) =>
            picture("map", query, palette, (found, colours) => {
                if (!found.cells.some((cell) => cell.mean !== null)) {
                    return blank("No cell has a mean of this outcome.");
                }
                return found.y ? heat(found, colours) : ribbon(found);
            }, mapNote),

        effects: (query, palette) =>
            picture("effects", query, palette, (found, colours) => (found.reason ? blank(found.reason) : tornado(found, colours)),
                (found) => (found.reason ? "" : effectsNote(found))),

        distribution: (query, palette) => picture("distribution", query, palette, histogram, spreadNote),

        fan: (query, palette) =>
            picture("fan", query, palette, fans, (found) =>
                `${found.runs.toLocaleString("en-US")} runs${found.exact ? "" : "; quantiles are approximate, of a t-digest"}.`),

        async cases(query) {
            if (!query) {
                return [same, same];
            }
            latest.cases = query;
            const csv = `/api/sweep/cases.csv?${query}`;
            try {
                const found = await window.capflow.get(`/api/sweep/cases?${query}`);
                if (latest.cases !== query) {
                    return [same, same];
                }
                const why = found.reason && h("P", {className: "note", id: "runs-not-live"}, `They cannot be shown live: ${found.reason}.`);
                const end = found.quarter && !found.reason && h(
                    "P", {className: "note"}, `The runs end in ${found.quarter}, where the live page opens; its history goes on.`,
                );
                const tables = h("Div", {className: "runs-ends"}, caseTable(found, "highest"), caseTable(found, "lowest"));
                return [h("Div", {}, why, end, tables), csv];
            } catch (error) {
                return latest.cases === query ? [h("P", {className: "alert"}, error.message), csv] : [same, same];
            }
        },
    };
})();
