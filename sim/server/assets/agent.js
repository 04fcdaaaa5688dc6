/* The page of one agent: its balance sheet, payments and history in the chosen quarter. */
(function () {
    const {h, cell, money} = window.capflow;
    const same = window.dash_clientside.no_update;
    const MOST = 40;

    function table(heads, rows, empty) {
        if (!rows.length) {
            return h("P", {className: "empty"}, empty);
        }
        return h(
            "Table",
            {className: "numbers"},
            h("Thead", {}, h("Tr", {}, heads.map((head, index) => h("Th", {className: index ? "number" : ""}, head)))),
            h("Tbody", {}, rows),
        );
    }

    function row(label, numbers, className = "") {
        return h("Tr", {className}, h("Td", {}, label), numbers.map((text, index) =>
            h("Td", {className: `number ${index ? "interest" : ""}`}, text)));
    }

    function ranked(items, at) {
        return items.filter((item) => Math.abs(item.usd_bn[at]) >= 1e-7).sort((a, b) => Math.abs(b.usd_bn[at]) - Math.abs(a.usd_bn[at]));
    }

    function payments(items, at, empty) {
        const chosen = ranked(items, at);
        const rows = chosen
            .slice(0, MOST)
            .map((item) => row(`${item.item}, ${item.with}`, [cell(item.usd_bn[at]), cell(item.interest[at])]));
        const total = (key) => chosen.reduce((sum, item) => sum + item[key][at], 0);
        if (chosen.length > MOST) {
            rows.push(row(`and ${chosen.length - MOST} smaller`, ["", ""]));
        }
        if (chosen.length) {
            rows.push(row("All", [cell(total("usd_bn")), cell(total("interest"))], "total"));
        }
        return table(["Item, counterparty", "USD bn", "interest"], rows, empty);
    }

    window.dash_clientside.agent = {
        async fetch(request) {
            if (!request) {
                return [same, same];
            }
            const params = new URLSearchParams(request.query);
            params.set("agent", request.agent);
            try {
                return [await window.capflow.get(`/api/agent?${params}`), null];
            } catch (error) {
                return [same, h("P", {className: "alert"}, error.message)];
            }
        },

        head(history, at, request) {
            if (!history) {
                return [same, same, same];
            }
            const last = history.quarters.length - 1;
            const now = Math.min(at, last);
            const params = new URLSearchParams(request.query);
            if (now < last) {
                params.set("quarter", history.quarters[now]);
            }
            const back = `/?${params}`;
            params.set("agent", request.agent);
            window.capflow.show(params.toString());
            document.title = `${history.agent} \u00b7 capflow`;
            window.capflow.picture = (name) => [
                `${history.agent}: ${document.querySelector("#agent-measure").textContent}`,
                request.query,
                `${request.query.split("&")[0].split("=")[1]}-${history.agent.replaceAll(" ", "-")}`,
            ];
            const interest = history.interest_held ? `, ${money(history.interest_held[now])} of its cash was Treasury interest` : "";
            const about =
                `${history.population.slice(0, -1)}; net worth ${money(history.net_worth[now])} at the end of ` +
                `${history.quarters[now]}${interest}.`;
            return [history.agent, about[0].toUpperCase() + about.slice(1), back];
        },

        sheet(history, at) {
            if (!history) {
                return same;
            }
            const now = Math.min(at, history.quarters.length - 1);
            const named = (item) => (item.with ? `${item.item}, ${item.with}` : item.item);
            const part = (items) => ranked(items, now).map((item) => row(named(item), [cell(item.usd_bn[now])]));
            const sum = (items) => items.reduce((total, item) => total + item.usd_bn[now], 0);
            const rows = [
                ...part(history.assets),
                row("Assets", [cell(sum(history.assets))], "total"),
                ...part(history.debts),
                row("Owed", [cell(sum(history.debts))], "total"),
                row("Net worth", [cell(history.net_worth[now])], "total"),
            ];
            return table(["", "USD bn"], rows, "The agent owns and owes nothing.");
        },

        received(history, at) {
            return history ? payments(history.received, Math.min(at, history.quarters.length - 1), "Nothing was received in this quarter.") : same;
        },

        paid(history, at) {
            return history ? payments(history.paid, Math.min(at, history.quarters.length - 1), "Nothing was paid in this quarter.") : same;
        },

        choices(history) {
            if (!history) {
                return [same, same];
            }
            const options = history.measures.map(({name, unit}) => ({label: unit ? `${name}, ${unit}` : name, value: name}));
            const first = ["tokens", "revenue", "gpus", "stakes", "burn", "net worth"].find((name) =>
                history.measures.some((measure) => measure.name === name));
            return [options, first || history.measures[0].name];
        },

        history(history, at, name) {
            const measure = history && history.measures.find((measure) => measure.name === name);
            if (!measure) {
                return same;
            }
            const line = {label: measure.name, colour: history.colour, dashed: false, values: measure.values, data: []};
            return window.capflow.chart({id: "agent", unit: measure.unit, lines: [line]}, null, history, Math.min(at, history.quarters.length - 1));
        },
    };
})();
