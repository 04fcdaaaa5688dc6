/* The fact table: one history at once, many when they are done. */
(function () {
    const {h} = window.capflow;
    const same = window.dash_clientside.no_update;
    const KINDS = {input: "input", calibrated: "calibrated", emergent: "emergent"};

    function figure(number) {
        if (number === null || number === undefined) {
            return "";
        }
        const size = Math.abs(number);
        // Years are not told with a comma.
        if (Number.isInteger(number) && size >= 1900 && size < 2200) {
            return String(number);
        }
        return window.capflow.minus(size >= 1000 ? Math.round(number).toLocaleString("en-US") : String(Number(number.toPrecision(3))));
    }

    function range(low, high) {
        if (low === null && high === null) {
            return "none";
        }
        return low === high ? figure(low) : `${figure(low)} to ${figure(high)}`;
    }

    function model(row) {
        if (row.model === null) {
            return ["\u2013"];
        }
        const spread = row.interval
            ? h("Small", {}, ` ${figure(row.interval[0])} to ${row.interval[1] === null ? "later" : figure(row.interval[1])}`)
            : null;
        return [h("Strong", {}, figure(row.model)), spread];
    }

    function verdict(row) {
        const mark = row.ok === null ? "cannot be said" : row.ok ? "agrees" : "does not agree";
        const name = row.ok === null ? "none" : row.ok ? "yes" : "no";
        return h("Span", {className: `verdict ${name}`, title: row.verdict}, mark);
    }

    function sources(row) {
        return row.source.map((address, index) => {
            const safe = /^https?:\/\//.test(address);
            const text = safe ? new URL(address).hostname.replace(/^www\./, "") : address;
            return safe
                ? h("A", {href: address, target: "_blank", rel: "noopener noreferrer", className: "source"}, text)
                : h("Span", {className: "source"}, text);
        });
    }

    function line(row) {
        const notes = [row.disagreement, row.note].filter((note) => note);
        const cell = (label, ...inside) => h("Td", {"data-label": label}, ...inside);
        return h(
            "Tr",
            {id: `fact-${row.id}`},
            cell("Fact", h("Strong", {}, row.label), notes.map((note) => h("Div", {className: "note"}, note))),
            cell("Unit", row.unit),
            cell("Article", row.article_says || figure(row.article) || "\u2013"),
            cell("Evidence", range(row.evidence_low, row.evidence_high)),
            cell("Model", ...model(row)),
            cell("Kind", h("Span", {className: `kind ${row.kind}`}, KINDS[row.kind])),
            cell("Verdict", verdict(row)),
            cell("Sources", ...sources(row)),
        );
    }

    function table(rows) {
        const heads = ["Fact", "Unit", "Article", "Evidence", "Model", "Kind", "Verdict", "Sources"];
        return h(
            "Table",
            {className: "fact-table"},
            h("Thead", {}, h("Tr", {}, heads.map((head) => h("Th", {}, head)))),
            h("Tbody", {}, rows.map(line)),
        );
    }

    async function ask(method, query) {
        const answer = await fetch(`/api/facts/many?${query}`, {method, credentials: "same-origin"});
        const found = await answer.json();
        return answer.ok ? found : {state: "failed", message: found.error};
    }

    window.dash_clientside.facts = {
        async single(asked) {
            try {
                window.capflow.show(asked.query);
                return [await window.capflow.get(`/api/facts?${asked.query}`), null];
            } catch (error) {
                return [same, h("P", {className: "alert"}, error.message)];
            }
        },

        /** Asks how many histories are done; the table of an untouched scenario is asked for by itself. */
        async job(asked, runs, cancels, polls, known) {
            const by = window.dash_clientside.callback_context.triggered_id;
            try {
                const method = by === "facts-run" ? "POST" : by === "facts-cancel" ? "DELETE" : "GET";
                let found = await ask(method, asked.query);
                if (by !== "facts-poll" && method === "GET" && found.state === "none" && asked.untouched) {
                    found = await ask("POST", asked.query);
                }
                const many = found.state === "done" && !known
                    ? await window.capflow.get(`/api/facts/many/result?${asked.query}`)
                    : same;
                return [found, many, !["waiting", "running"].includes(found.state)];
            } catch (error) {
                return [{state: "failed", message: error.message}, same, true];
            }
        },

        progress(job, many) {
            if (!job || many) {
                return [many ? `${many.runs} histories.` : "", true, "0", true, Boolean(many)];
            }
            const busy = job.state === "waiting" || job.state === "running";
            const words = {
                none: "",
                waiting: `Waiting, number ${job.place}`,
                running: job.progress && job.progress.words,
                done: "Done",
                cancelled: "Cancelled.",
                failed: `That failed: ${job.message}`,
            }[job.state];
            const part = job.progress && job.progress.part !== null ? String(job.progress.part) : "0";
            return [words, !busy, part, !busy, busy];
        },

        table(single, many, asked) {
            const found = many || single;
            if (!found) {
                return [h("P", {className: "empty"}, "Running one history \u2026"), null, "", same];
            }
            const which = found.runs > 1
                ? `${found.title}: mean of ${found.runs} histories, seeds ${found.seed} to ${found.seed + found.runs - 1}, and where nine in ten lie. `
                : `${found.title}: one history, seed ${found.seed}. Many tell more: `;
            return [
                table(found.facts),
                table(found.stylised),
                which + found.words,
                many ? `/api/facts/many/facts.csv?${asked.query}` : `/api/facts.csv?${asked.query}`,
            ];
        },
    };
})();
