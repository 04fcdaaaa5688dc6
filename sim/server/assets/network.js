/* The capital-flow network of the live page. */
(function () {
    const {h, money} = window.capflow;
    const same = window.dash_clientside.no_update;
    const WIDE = 1000;
    const HIGH = 560;
    const FAINT = 2e-3;  // A payment below this part of the largest payment is not drawn.
    const LEAST_INTEREST = 1e-4;  // USD bn, a hundred thousand dollars: less interest is not drawn.
    const columns = [70, 270, 520, 760, 930];

    function address(history, at, id) {
        const params = new URLSearchParams(history.world.query);
        params.set("agent", id);
        if (at < history.quarters.length - 1) {
            params.set("quarter", history.quarters[at]);
        }
        return `/agent?${params}`;
    }

    function circles(history, at) {
        const largest = Math.max(...history.network.nodes.filter((n) => n.assets).map((n) => Math.max(...n.assets)));
        return history.network.nodes.map((node) => {
            const alive = !node.alive || node.alive[at] > 0;
            const size = node.assets ? 8 + 44 * Math.sqrt(Math.max(node.assets[at], 0) / largest) : 0;
            return {
                data: {
                    id: node.id,
                    label: node.label + (alive ? "" : " (failed)"),
                    colour: node.colour,
                    shape: node.assets ? "circle" : "bar",
                    size,
                    opacity: alive ? 1 : 0.35,
                },
                position: {x: columns[node.column], y: HIGH * node.height},
            };
        });
    }

    /** Lines of payments: all money below, in the colour of the payer, and interest above it. */
    function strokes(history, at, mode, palette) {
        const nodes = Object.fromEntries(history.network.nodes.map((node) => [node.id, node]));
        const largest = Math.max(...history.network.edges.map((edge) => Math.max(...edge.usd_bn)));
        const width = (usd) => Math.max(0.7, 22 * Math.sqrt(usd / largest));
        const drawn = [];
        history.network.edges.forEach((edge) => {
            const [from, to] = [nodes[edge.source], nodes[edge.target]];
            const span = to.column - from.column;
            const lift = (to.height - from.height) * HIGH * 0.22;
            const bow = span > 0 ? `${lift} ${-lift}` : span === 0 ? "40 40" : "70 70";
            const add = (usd, kind, colour, opacity, level) =>
                drawn.push({
                    data: {
                        id: `${kind}:${edge.source}>${edge.target}`,
                        source: edge.source,
                        target: edge.target,
                        width: width(usd),
                        colour,
                        opacity,
                        level,
                        bow,
                    },
                });
            if (mode === "all" && edge.usd_bn[at] > FAINT * FAINT * largest) {
                add(edge.usd_bn[at], "all", from.colour, 0.22, 1);
            }
            if (edge.interest[at] > LEAST_INTEREST) {
                add(edge.interest[at], "interest", palette.interest, 0.85, 5);
            }
        });
        return drawn;
    }

    Object.assign(window.dash_clientside.live, {
        async network(history, at, mode, palette) {
            if (!history) {
                return [same, same];
            }
            await window.capflow.painted();
            const now = Math.min(at, history.quarters.length - 1);
            const agents = history.network.nodes.filter((node) => node.assets);
            const links = agents.map((node) =>
                h("A", {href: address(history, now, node.id), style: {borderColor: node.colour}}, node.label),
            );
            return [[...circles(history, now), ...strokes(history, now, mode, palette)], links];
        },

        hover(node, edge, at, history) {
            const by = window.dash_clientside.callback_context.triggered.map((input) => input.prop_id).join();
            if (!history) {
                return same;
            }
            const quarter = history.quarters[at];
            if (by.includes("Edge") && edge) {
                const flow = history.network.edges.find((e) => e.source === edge.source && e.target === edge.target);
                const name = (id) => history.network.nodes.find((n) => n.id === id).label;
                const part = flow.interest[at] > 0 ? `, ${money(flow.interest[at])} of it Treasury interest` : "";
                return `${name(edge.source)} to ${name(edge.target)} in ${quarter}: ${money(flow.usd_bn[at])}${part}`;
            }
            if (!node) {
                return same;
            }
            const agent = history.network.nodes.find((n) => n.id === node.id);
            if (!agent.assets) {
                return `${agent.label}: ${agent.note}`;
            }
            return (
                `${agent.label} at the end of ${quarter}: assets ${money(agent.assets[at])}, cash ${money(agent.cash[at])}` +
                ` (${money(agent.interest[at])} of it Treasury interest), net worth ${money(agent.net_worth[at])}`
            );
        },

        open(node, history, at) {
            if (node && node.shape === "circle") {
                window.location.assign(address(history, at, node.id));
            }
            return same;
        },
    });
})();
