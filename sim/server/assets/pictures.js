/* The flow diagram and the time series of the live page. */
(function () {
    const {amount, percent, lines} = window.capflow;
    const same = window.dash_clientside.no_update;
    const SMALL = 0.012;  // Issuers and uses below this part of all interest are put together.
    const MOST = 7;

    function sum(rows, key, at) {
        const sums = new Map();
        rows.forEach((row) => sums.set(row[key], (sums.get(row[key]) || 0) + row.usd_bn[at]));
        return sums;
    }

    /** The name under which each row is shown: the largest rows keep theirs, all others share one. */
    function renamed(totals, whole, others, always = []) {
        const ranked = [...totals.entries()].sort((a, b) => b[1] - a[1]);
        const small = ranked
            .filter(([name, usd], rank) => !always.includes(name) && (usd < SMALL * whole || rank >= MOST))
            .map(([name]) => name);
        return (name) => (small.length > 1 && small.includes(name) ? others : name);
    }

    function sankey(bands, colours, whole, strong) {
        const names = [...new Set(bands.flatMap((band) => [band.from, band.to]))];
        const through = names.map((name) =>
            Math.max(
                bands.filter((b) => b.from === name).reduce((s, b) => s + b.usd, 0),
                bands.filter((b) => b.to === name).reduce((s, b) => s + b.usd, 0),
            ),
        );
        return {
            type: "sankey",
            arrangement: "snap",
            valueformat: ".3g",
            valuesuffix: " bn USD",
            textfont: {...lines.font, size: 13},
            node: {
                label: names.map((name, i) => `${name}  ${amount(through[i])} \u00b7 ${percent(through[i] / whole)}`),
                color: names.map((name) => colours[name] || "#B8C0C8"),
                pad: 14,
                thickness: 16,
                line: {width: 0},
                align: "left",
            },
            link: {
                source: bands.map((band) => names.indexOf(band.from)),
                target: bands.map((band) => names.indexOf(band.to)),
                value: bands.map((band) => band.usd),
                color: bands.map((band) => `${(colours[band.paint] || "#B8C0C8")}${strong ? "88" : band.alpha || "55"}`),
            },
        };
    }

    function firstHand(history, at, palette) {
        const groups = {"paid away": "Paid away", kept: "Kept", "AI and frontier": "AI (net)"};
        groups["came back"] = groups["AI and frontier"];
        const rows = history.uses.direct;
        const whole = rows.reduce((total, row) => total + row.usd_bn[at], 0);
        const issuer = renamed(sum(rows, "issuer", at), whole, "smaller issuers");
        const inGroup = (name) => rows.filter((row) => groups[row.group] === groups[name]);
        const bands = new Map();
        const add = (from, to, usd, paint, alpha) => {
            const key = `${from}>${to}`;
            const band = bands.get(key) || {from, to, usd: 0, paint, alpha};
            band.usd += usd;
            bands.set(key, band);
        };
        ["paid away", "kept", "AI and frontier"].forEach((name) => {
            const group = groups[name];
            const chosen = inGroup(name);
            const use = renamed(sum(chosen, "label", at), whole, name === "kept" ? "other savings" : "other payments");
            const alpha = name === "AI and frontier" ? "CC" : "55";
            chosen.forEach((row) => {
                add(issuer(row.issuer), group, row.usd_bn[at], group, alpha);
                if (name !== "AI and frontier") {
                    add(group, use(row.label), row.usd_bn[at], group, alpha);
                }
            });
        });
        const colours = {
            "Paid away": "#9AA5B1",
            Kept: palette.population.issuers,
            "AI (net)": palette.interest,
        };
        rows.forEach((row) => {
            colours[issuer(row.issuer)] = palette.population.issuers;
        });
        return [[...bands.values()].filter((band) => band.usd > 1e-9 * whole), colours, whole];
    }

    function anyRemove(history, at, palette) {
        const rows = history.uses.ends.filter((row) => row.usd_bn[at] > 0);
        const whole = rows.reduce((total, row) => total + row.usd_bn[at], 0);
        const always = ["GPUs bought", "open data"];
        const end = renamed(sum(rows, "label", at), whole, "everything else", always);
        const words = Object.fromEntries(history.uses.direct.map((row) => [row.use, row.label]));
        const colours = {"GPUs bought": palette.population.vendor, "open data": palette.population.ventures};
        const bands = new Map();
        rows.forEach((row) => {
            const from = `via ${words[row.channel] || row.channel.replaceAll("_", " ")}`;
            const to = end(row.label);
            const band = bands.get(`${from}>${to}`) || {from, to, usd: 0, paint: "interest"};
            band.usd += row.usd_bn[at];
            bands.set(`${from}>${to}`, band);
            colours[from] = palette.interest;
        });
        colours.interest = palette.interest;
        return [[...bands.values()], colours, whole];
    }

    function chart(panel, base, history, at) {
        const data = [];
        const last = history.quarters.length - 1;
        panel.lines.forEach((line, index) => {
            const other = base && base.lines.find((reference) => reference.label === line.label);
            if (other) {
                data.push({
                    type: "scatter",
                    mode: "lines",
                    x: history.quarters,
                    y: other.values,
                    line: {color: line.colour, width: 1.2, dash: "dot"},
                    opacity: 0.7,
                    name: `${line.label}, levers as in the scenario`,
                    showlegend: false,
                });
            }
            data.push({
                type: "scatter",
                mode: "lines",
                x: history.quarters,
                y: line.values,
                name: line.label,
                line: {color: line.colour, width: 2.4, dash: line.dashed ? "dash" : "solid"},
                hovertemplate: `%{y:.4g}<extra>${line.label}</extra>`,
            });
            line.data.forEach((point) => {
                const middle = (point.first + point.last) / 2;
                data.push({
                    type: "scatter",
                    mode: point.last > point.first ? "lines+markers" : "markers",
                    x: point.last > point.first ? [point.first, middle, point.last] : [middle],
                    y: point.last > point.first ? [point.value, point.value, point.value] : [point.value],
                    xaxis: "x",
                    marker: {
                        size: point.last > point.first ? [0, 8, 0] : 8,
                        color: point.reported ? line.colour : "#ffffff",
                        line: {color: lines.ink, width: 1.2},
                    },
                    line: {color: lines.ink, width: 1.2},
                    name: `data, ${line.label}${point.reported ? "" : " (estimate)"}`,
                    hovertemplate: `%{y:.4g}<extra>data, ${line.label}${point.reported ? "" : " (estimate)"}</extra>`,
                    showlegend: false,
                });
            });
        });
        const ticks = history.quarters.map((quarter, index) => [quarter, index]).filter(([quarter]) => quarter.endsWith("Q1"));
        const step = ticks.length > 4 ? 2 : 1;
        const shown = ticks.filter((_, index) => index % step === 0);
        const rows = panel.lines.length > 1 ? Math.ceil(panel.lines.length / 2) : 0;
        const layout = {
            ...window.capflow.bare({l: 44, r: 10, t: 26, b: 24 + (rows ? 6 + 19 * rows : 0)}),
            xaxis: {
                range: [-0.5, last + 0.5],
                tickvals: shown.map(([, index]) => index),
                ticktext: shown.map(([quarter]) => quarter.slice(0, 4)),
                showgrid: false,
                zeroline: false,
                fixedrange: true,
                type: "linear",
            },
            yaxis: {automargin: true, gridcolor: lines.grid, zerolinecolor: lines.grid, rangemode: "tozero", fixedrange: true, nticks: 5},
            annotations: [
                {text: panel.unit, x: 0, y: 1, xref: "paper", yref: "paper", xanchor: "left", yanchor: "bottom",
                 xshift: -36, yshift: 6, showarrow: false, font: {size: 12, color: lines.muted}},
            ],
            shapes: [{type: "line", x0: at, x1: at, y0: 0, y1: 1, yref: "paper", line: {color: lines.muted, width: 1}}],
            showlegend: panel.lines.length > 1,
            legend: {orientation: "h", x: 0, y: 0, yref: "container", yanchor: "bottom", font: {size: 12}},
            hovermode: "x",
        };
        data.forEach((trace) => {
            if (trace.x === history.quarters) {
                trace.x = history.quarters.map((_, index) => index);
                trace.text = history.quarters;
            }
        });
        if (panel.id === "coin_price") {
            layout.yaxis.rangemode = "normal";
        }
        return {data, layout};
    }

    window.capflow.chart = chart;

    Object.assign(window.dash_clientside.live, {
        async flow(history, at, mode, palette) {
            if (!history) {
                return same;
            }
            await window.capflow.painted();
            const now = Math.min(at, history.quarters.length - 1);
            const [bands, colours, whole] = (mode === "ai" ? anyRemove : firstHand)(history, now, palette);
            if (!bands.length || !(whole > 0)) {
                return window.capflow.blank(
                    mode === "ai" ? "No interest has gone into AI so far." : "No interest has been earned so far. Press Play.",
                );
            }
            return {data: [sankey(bands, colours, whole, mode === "ai")], layout: window.capflow.bare({l: 8, r: 8, t: 10, b: 10})};
        },

        async charts(history, at, ids) {
            if (!history) {
                return ids.map(() => same);
            }
            await window.capflow.painted();
            const now = Math.min(at, history.quarters.length - 1);
            return ids.map((id) => {
                const panel = history.charts.find((other) => other.id === id.chart);
                const base = history.base && history.base.charts.find((other) => other.id === id.chart);
                return chart(panel, base, history, now);
            });
        },
    });
})();
