/* The table of facts: at first from one history, then from many, when these are done. */
(function () {
    const {h, plain} = window.capflow;
    const same = window.dash_clientside.no_update;
    const KINDS = {input: "input", calibrated: "calibrated", emergent: "emergent"};

    function figure(number) {
        return number === null || number === undefined ? "" : plain(number);
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
        const mark = row.ok === null ? "cannot be judged" : row.ok ? "agrees" : "does not agree";
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
        const content = await answer.json();
        return answer.ok ? content : {state: "failed", message: content.error};
    }

    window.dash_clientside.facts = {
        async single(request) {
            try {
                window.capflow.show(request.query);
                return [await window.capflow.get(`/api/facts?${request.query}`), null];
            } catch (error) {
                return [same, h("P", {className: "alert"}, error.message)];
            }
        },

        /** Fetch the progress of the many histories; if no lever is turned, start them at once. */
        async job(request, runs, cancels, polls, known) {
            const by = window.dash_clientside.callback_context.triggered_id;
            try {
                const method = by === "facts-run" ? "POST" : by === "facts-cancel" ? "DELETE" : "GET";
                let job = await ask(method, request.query);
                if (by !== "facts-poll" && method === "GET" && job.state === "none" && request.untouched) {
                    job = await ask("POST", request.query);
                }
                const many = job.state === "done" && !known
                    ? await window.capflow.get(`/api/facts/many/result?${request.query}`)
                    : same;
                return [job, many, !["waiting", "running"].includes(job.state)];
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
                waiting: `Waiting for another job to end: number ${job.place} in line`,
                running: job.progress && job.progress.words,
                done: "Done",
                cancelled: "Cancelled.",
                failed: `The histories could not be run: ${job.message}`,
            }[job.state];
            const part = job.progress && job.progress.part !== null ? String(job.progress.part) : "0";
            return [words, !busy, part, !busy, busy];
        },

        table(single, many, request) {
            const facts = many || single;
            if (!facts) {
                return [h("P", {className: "empty"}, "Running one history \u2026"), null, "", same];
            }
            const origin = facts.runs > 1
                ? `${facts.title}: mean of ${facts.runs} histories, seeds ${facts.seed} to ${facts.seed + facts.runs - 1}, and where nine in ten lie. `
                : `${facts.title}: one history, seed ${facts.seed}. Many histories give intervals: `;
            return [
                table(facts.facts),
                table(facts.stylised),
                origin + facts.words,
                many ? `/api/facts/many/facts.csv?${request.query}` : `/api/facts.csv?${request.query}`,
            ];
        },
    };
})();
