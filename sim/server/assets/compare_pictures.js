/* The pictures of the compare page: differences, accounting beside cause, fans. */
(function () {
    const {amount, minus, lines, bare, wrapped, blank} = window.capflow;
    const same = window.dash_clientside.no_update;
    const SOFT = 0.001;  // Part of the larger mean around which the axis of differences turns from linear to logarithmic.
    const narrow = () => window.innerWidth < 700;

    const bend = (part) => Math.asinh(part / SOFT);

    function fade(colour, strength) {
        const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
        return `rgba(${red},${green},${blue},${strength})`;
    }

    function differences(found, [colourA, colourB]) {
        const rows = found.outcomes.filter((row) => row.relative);
        if (!rows.length) {
            return blank("The worlds do not differ in any of these outcomes.");
        }
        const labels = rows.map((row) => wrapped(row.label, narrow() ? 17 : 44));
        const colours = rows.map((row) => (row.decided ? (row.mean > 0 ? colourA : colourB) : "#7B8794"));
        const [middle, low, high] = [0, 1, 2].map((at) => rows.map((row) => bend(row.relative[at])));
        const percents = (row) => row.relative.map((part) => minus(`${Number((100 * part).toPrecision(3))}%`));
        const traces = rows.map((row, at) => ({
            type: "scatter",
            mode: "lines",
            x: [low[at], high[at]],
            y: [at, at],
            line: {color: colours[at], width: row.decided ? 5 : 3},
            hoverinfo: "skip",
        }));
        traces.push({
            type: "scatter",
            mode: "markers",
            x: middle,
            y: rows.map((row, at) => at),
            marker: {
                size: 12,
                symbol: rows.map((row) => (row.decided ? "diamond" : "diamond-open")),
                color: colours,
                line: {color: colours, width: 2},
            },
            text: rows.map((row) => {
                const [mean, least, most] = percents(row);
                return `${row.label}: ${mean} (${least} to ${most})${row.decided ? "" : ", spans zero"}`;
            }),
            hovertemplate: "%{text}<extra></extra>",
        });
        const reach = Math.max(...low.map(Math.abs), ...high.map(Math.abs)) * 1.08;
        const ticks = [0.001, 0.01, 0.1, 1].filter((part) => bend(part) <= reach);
        const shown = narrow() ? ticks.filter((part, at) => at === ticks.length - 1 || at === ticks.length - 3) : ticks;
        const values = [...shown.map((part) => -part).reverse(), 0, ...shown];
        const layout = {
            ...bare({l: narrow() ? 132 : 310, r: 14, t: 30, b: 44}),
            xaxis: {
                range: [-reach, reach],
                tickvals: values.map(bend),
                ticktext: values.map((part) => minus(`${part > 0 ? "+" : ""}${Number((100 * part).toPrecision(3))}%`)),
                title: {text: "A less B, percent of the larger mean", font: {size: 12, color: lines.muted}, standoff: 6},
                tickangle: 0,
                gridcolor: lines.grid,
                zeroline: true,
                zerolinecolor: lines.ink,
                zerolinewidth: 1.5,
                fixedrange: true,
            },
            yaxis: {
                tickfont: {size: narrow() ? 12 : 13},
                tickvals: rows.map((row, at) => at),
                ticktext: labels,
                range: [rows.length - 0.4, -0.6],
                showgrid: false,
                zeroline: false,
                fixedrange: true,
            },
            annotations: [
                {text: "\u25c4 less in A", x: 0, xanchor: "left", y: 1, xref: "paper", yref: "paper", yanchor: "bottom", showarrow: false, font: {color: colourB}},
                {text: "more in A \u25ba", x: 1, xanchor: "right", y: 1, xref: "paper", yref: "paper", yanchor: "bottom", showarrow: false, font: {color: colourA}},
            ],
            hovermode: "closest",
        };
        return {data: traces, layout};
    }

    /** A waterfall from what interest paid for, over what other money did, to the effect on all purchases. */
    function accounting(found) {
        const cause = found.cause;
        const drawn = cause.origins.filter((one) => one.drawn);
        if (!drawn.length) {
            return blank("GPU purchases are the same in both worlds, whatever paid for them.");
        }
        const bars = [];
        let foot = 0;
        drawn.forEach((one) => {
            const label = one.origin === "bill_interest" ? "Accounting: paid with interest" : one.label;
            bars.push({...one, label, foot});
            foot += one.mean;
        });
        bars.push({...cause.purchases, label: "Cause: effect on all GPU purchases", colour: "#0072B2", foot: 0});
        const ends = bars.flatMap((bar) => [bar.foot, bar.foot + bar.low, bar.foot + bar.high]);
        const [least, most] = [Math.min(0, ...ends), Math.max(0, ...ends)];
        const room = 0.16 * (most - least);
        const text = (bar) => `${bar.mean > 0 ? "+" : ""}${amount(bar.mean)}${bar.decided || narrow() ? "" : " (spans zero)"}`;
        const data = [
            {
                type: "bar",
                orientation: "h",
                y: bars.map((bar, at) => at),
                x: bars.map((bar) => bar.mean),
                base: bars.map((bar) => bar.foot),
                width: 0.62,
                marker: {color: bars.map((bar) => bar.colour), opacity: bars.map((bar) => (bar.decided ? 1 : 0.45))},
                error_x: {
                    type: "data",
                    symmetric: false,
                    array: bars.map((bar) => bar.high - bar.mean),
                    arrayminus: bars.map((bar) => bar.mean - bar.low),
                    color: lines.ink,
                    thickness: 1.6,
                    width: 5,
                },
                text: bars.map(text),
                hovertemplate: "%{text} USD bn<extra></extra>",
                textposition: "none",
            },
        ];
        const annotations = bars.map((bar, at) => ({
            x: Math.max(bar.foot, bar.foot + bar.mean, bar.foot + bar.high),
            y: at,
            text: `<b>${text(bar)}</b>`,
            showarrow: false,
            xanchor: "left",
            xshift: 8,
            bgcolor: "rgba(255,255,255,0.85)",
            font: {size: 13, color: bar.decided ? lines.ink : lines.muted},
        }));
        const layout = {
            ...bare({l: narrow() ? 124 : 250, r: 14, t: 8, b: 48}),
            xaxis: {
                range: [least - (least < 0 ? 0.04 * (most - least) : 0), most + room * (narrow() ? 2 : 1)],
                title: {
                    text: wrapped(`USD bn over all quarters: ${cause.more} less ${cause.less}`, narrow() ? 30 : 200),
                    font: {size: 12, color: lines.muted},
                    standoff: 6,
                },
                gridcolor: lines.grid,
                zerolinecolor: lines.ink,
                zerolinewidth: 1.5,
                fixedrange: true,
            },
            yaxis: {
                tickvals: bars.map((bar, at) => at),
                ticktext: bars.map((bar, at) =>
                    at === 0 || at === bars.length - 1 ? `<b>${wrapped(bar.label, narrow() ? 14 : 30)}</b>` : wrapped(bar.label, narrow() ? 12 : 30),
                ),
                range: [bars.length - 0.4, -0.6],
                showgrid: false,
                zeroline: false,
                fixedrange: true,
            },
            shapes: bars.slice(0, -1).map((bar, at) => ({
                type: "line", x0: bar.foot + bar.mean, x1: bar.foot + bar.mean, y0: at + 0.31, y1: at + 0.69,
                line: {color: lines.muted, width: 1},
            })),
            annotations,
        };
        return {data, layout};
    }

    function band(x, low, high, colour, strength) {
        return {
            type: "scatter",
            mode: "lines",
            x: [...x, ...[...x].reverse()],
            y: [...high, ...[...low].reverse()],
            fill: "toself",
            fillcolor: fade(colour, strength),
            line: {width: 0},
            hoverinfo: "skip",
            showlegend: false,
        };
    }

    function fan(found, fan, colours) {
        const first = fan.flow ? 1 : 0;
        const x = found.quarters.map((quarter, at) => at).slice(first);
        const level = (side, at) => fan[side].slice(first).map((row) => row[at]);
        const data = [];
        ["a", "b"].forEach((side, at) => data.push(band(x, level(side, 0), level(side, 4), colours[at], 0.13)));
        ["a", "b"].forEach((side, at) => data.push(band(x, level(side, 1), level(side, 3), colours[at], 0.26)));
        ["a", "b"].forEach((side, at) =>
            data.push({
                type: "scatter",
                mode: "lines",
                x,
                y: level(side, 2),
                name: `${side.toUpperCase()}: ${found.labels[at]}`,
                line: {color: colours[at], width: 2.4, dash: at ? "dash" : "solid"},
                customdata: found.quarters.slice(first).map((quarter, place) => [quarter, level(side, 0)[place], level(side, 4)[place]]),
                hovertemplate: `%{customdata[0]}, ${side.toUpperCase()}: %{y:.4g} (%{customdata[1]:.4g} to %{customdata[2]:.4g})<extra></extra>`,
            }),
        );
        const last = found.quarters.length - 1;
        const years = found.quarters.map((quarter, at) => [quarter, at]).filter(([quarter]) => quarter.endsWith("Q1"));
        const short = years.length < 2;
        const marks = short ? found.quarters.map((quarter, at) => [quarter, at]) : years.filter((_, at) => at % (years.length > 4 ? 2 : 1) === 0);
        const layout = {
            ...bare({l: 48, r: 10, t: 26, b: 28}),
            xaxis: {
                ticks: "outside",
                ticklen: 4,
                tickcolor: lines.muted,
                range: [-0.3, last + 0.3],
                tickvals: marks.map(([, at]) => at),
                ticktext: marks.map(([quarter]) => (short ? quarter : quarter.slice(0, 4))),
                showgrid: false,
                zeroline: false,
                fixedrange: true,
            },
            yaxis: {gridcolor: lines.grid, zerolinecolor: lines.grid, rangemode: "tozero", fixedrange: true, nticks: 5},
            annotations: [
                {text: fan.unit, x: 0, y: 1, xref: "paper", yref: "paper", xanchor: "left", yanchor: "bottom",
                 xshift: -40, yshift: 6, showarrow: false, font: {size: 12, color: lines.muted}},
            ],
            showlegend: true,
            legend: {orientation: "h", x: 0, y: -0.16, yanchor: "top", font: {size: 12}},
            hovermode: "closest",
        };
        return {data, layout};
    }

    Object.assign(window.dash_clientside.compare, {
        draw(found, ids, lists) {
            if (!found) {
                return [ids.map(() => same), ids.map(() => same)];
            }
            const drawn = (compare) => {
                if (compare === "accounting") {
                    return accounting(found);
                }
                if (compare === "differences") {
                    return differences(found, lists.colours);
                }
                return fan(found, found.fans.find((one) => `fan-${one.name}` === compare), lists.colours);
            };
            // As high as the rows need, whose labels take three lines on a narrow page.
            const rows = {
                accounting: found.cause.origins.filter((one) => one.drawn).length + 1,
                differences: found.outcomes.filter((row) => row.relative).length,
            };
            const height = (compare) =>
                compare in rows ? 90 + Math.max(rows[compare], 3) * (narrow() ? 50 : 34) : 260;
            return [
                ids.map(({compare}) => drawn(compare)),
                ids.map(({compare}) => ({height: `${height(compare)}px`})),
            ];
        },
    });
})();
