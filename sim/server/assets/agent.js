/* The page of an agent. */
(function () {
    const {h, amount, money} = window.capflow;
    const same = window.dash_clientside.no_update;
    const MOST = 40;
    const SHOWN = 5e-4;  // USD bn: half a million dollars.

    function cell(usd) {
        return Math.abs(usd) >= SHOWN ? amount(usd) : usd === 0 ? "" : "<0.001";
    }

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
        return table(["What for, with whom", "USD bn", "interest"], rows, empty);
    }

    window.dash_clientside.agent = {
        async fetch(asked) {
            if (!asked) {
                return [same, same];
            }
            const said = new URLSearchParams(asked.query);
            said.set("agent", asked.agent);
            try {
                return [await window.capflow.get(`/api/agent?${said}`), null];
            } catch (error) {
                return [same, h("P", {className: "alert"}, error.message)];
            }
        },

        head(world, at, asked) {
            if (!world) {
                return [same, same, same];
            }
            const last = world.quarters.length - 1;
            const now = Math.min(at, last);
            const said = new URLSearchParams(asked.query);
            if (now < last) {
                said.set("quarter", world.quarters[now]);
            }
            const back = `/?${said}`;
            said.set("agent", asked.agent);
            window.capflow.show(said.toString());
            document.title = `${world.agent} \u00b7 capflow`;
            window.capflow.picture = (name) => [
                `${world.agent}: ${document.querySelector("#agent-measure").textContent}`,
                asked.query,
                `${asked.query.split("&")[0].split("=")[1]}-${world.agent.replaceAll(" ", "-")}`,
            ];
            const interest = world.interest_held ? `, ${money(world.interest_held[now])} of its cash was Treasury interest` : "";
            const about =
                `${world.population.slice(0, -1)}; net worth ${money(world.net_worth[now])} at the end of ` +
                `${world.quarters[now]}${interest}.`;
            return [world.agent, about[0].toUpperCase() + about.slice(1), back];
        },

        sheet(world, at) {
            if (!world) {
                return same;
            }
            const now = Math.min(at, world.quarters.length - 1);
            const named = (item) => (item.with ? `${item.item}, ${item.with}` : item.item);
            const part = (items) => ranked(items, now).map((item) => row(named(item), [cell(item.usd_bn[now])]));
            const sum = (items) => items.reduce((total, item) => total + item.usd_bn[now], 0);
            const rows = [
                ...part(world.assets),
                row("Assets", [cell(sum(world.assets))], "total"),
                ...part(world.debts),
                row("Owed", [cell(sum(world.debts))], "total"),
                row("Net worth", [cell(world.net_worth[now])], "total"),
            ];
            return table(["", "USD bn"], rows, "Nothing.");
        },

        received(world, at) {
            return world ? payments(world.received, Math.min(at, world.quarters.length - 1), "Nothing was received in this quarter.") : same;
        },

        paid(world, at) {
            return world ? payments(world.paid, Math.min(at, world.quarters.length - 1), "Nothing was paid in this quarter.") : same;
        },

        choices(world) {
            if (!world) {
                return [same, same];
            }
            const options = world.measures.map((one) => ({label: one.unit ? `${one.name}, ${one.unit}` : one.name, value: one.name}));
            const first = ["tokens", "revenue", "gpus", "stakes", "burn", "net worth"].find((name) =>
                world.measures.some((one) => one.name === name));
            return [options, first || world.measures[0].name];
        },

        history(world, at, name) {
            const found = world && world.measures.find((one) => one.name === name);
            if (!found) {
                return same;
            }
            const line = {label: found.name, colour: world.colour, dashed: false, values: found.values, data: []};
            return window.capflow.chart({id: "agent", unit: found.unit, lines: [line]}, null, world, Math.min(at, world.quarters.length - 1));
        },
    };
})();
