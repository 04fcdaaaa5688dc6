/* The capital-flow network of the live page. */
(function () {
    const {h, money} = window.capflow;
    const same = window.dash_clientside.no_update;
    const WIDE = 1000;
    const HIGH = 560;
    const FAINT = 2e-3;  // Part of the largest payment below which a line is not drawn.
    const LEAST_INTEREST = 1e-4;  // USD bn: a hundred thousand dollars.
    const columns = [70, 270, 520, 760, 930];

    function address(world, at, id) {
        const said = new URLSearchParams(world.world.query);
        said.set("agent", id);
        if (at < world.quarters.length - 1) {
            said.set("quarter", world.quarters[at]);
        }
        return `/agent?${said}`;
    }

    function circles(world, at) {
        const largest = Math.max(...world.network.nodes.filter((n) => n.assets).map((n) => Math.max(...n.assets)));
        return world.network.nodes.map((node) => {
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

    /** Lines of what is paid: below them all money in the colour of the payer, above them interest. */
    function strokes(world, at, mode, palette) {
        const nodes = Object.fromEntries(world.network.nodes.map((node) => [node.id, node]));
        const largest = Math.max(...world.network.edges.map((edge) => Math.max(...edge.usd_bn)));
        const width = (usd) => Math.max(0.7, 22 * Math.sqrt(usd / largest));
        const drawn = [];
        world.network.edges.forEach((edge) => {
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
        async network(world, at, mode, palette) {
            if (!world) {
                return [same, same];
            }
            await window.capflow.painted();
            const now = Math.min(at, world.quarters.length - 1);
            const agents = world.network.nodes.filter((node) => node.assets);
            const links = agents.map((node) =>
                h("A", {href: address(world, now, node.id), style: {borderColor: node.colour}}, node.label),
            );
            return [[...circles(world, now), ...strokes(world, now, mode, palette)], links];
        },

        hover(node, edge, at, world) {
            const by = window.dash_clientside.callback_context.triggered.map((one) => one.prop_id).join();
            if (!world) {
                return same;
            }
            const quarter = world.quarters[at];
            if (by.includes("Edge") && edge) {
                const found = world.network.edges.find((e) => e.source === edge.source && e.target === edge.target);
                const name = (id) => world.network.nodes.find((n) => n.id === id).label;
                const part = found.interest[at] > 0 ? `, ${money(found.interest[at])} of it Treasury interest` : "";
                return `${name(edge.source)} to ${name(edge.target)} in ${quarter}: ${money(found.usd_bn[at])}${part}`;
            }
            if (!node) {
                return same;
            }
            const found = world.network.nodes.find((n) => n.id === node.id);
            if (!found.assets) {
                return `${found.label}: ${found.note}`;
            }
            return (
                `${found.label} at the end of ${quarter}: assets ${money(found.assets[at])}, cash ${money(found.cash[at])}` +
                ` (${money(found.interest[at])} of it interest), net worth ${money(found.net_worth[at])}`
            );
        },

        open(node, world, at) {
            if (node && node.shape === "circle") {
                window.location.assign(address(world, at, node.id));
            }
            return same;
        },
    });
})();
