/* The pictures of a sweep's page: each a function of what the server sent, and nothing else. */
(function () {
    const {h, amount, minus, lines, bare, wrapped, blank} = window.capflow;
    const NARROW = 520;
    const MOST_TEXTS = 100;  // Cells up to which each shows its number.
    const BLUE = "providers";
    const AMBER = "ventures";

    /** A number of an outcome, in the unit shown. */
    function told(number, outcome) {
        if (number === null || number === undefined) {
            return "\u2013";
        }
        const shown = number * outcome.factor;
        const size = Math.abs(shown);
        if (Number.isInteger(shown)) {
            return minus(shown.toLocaleString("en-US"));
        }
        return size > 0 && size < 0.0995 ? minus(String(Number(shown.toPrecision(2)))) : amount(shown);
    }

    function titled(label, unit) {
        return unit ? `${label}, ${unit}` : label;
    }

    function width(name) {
        const panel = document.querySelector(`#panel-${name}`);
        return panel ? panel.clientWidth : 600;
    }

    /** Ticks of a side of a map: values in the middle of cells, edges of bins between them. */
    function ticks(side, most) {
        const shift = side.binned ? -0.5 : 0;
        const step = Math.ceil(side.labels.length / most);
        const kept = side.labels.map((label, place) => [label, place + shift]).filter((_, place) => place % step === 0);
        return {tickvals: kept.map(([, at]) => at), ticktext: kept.map(([label]) => label)};
    }

    function axis(title, extra = {}) {
        return {
            title: {text: title, font: {size: 13}, standoff: 8},
            fixedrange: true,
            zeroline: false,
            gridcolor: lines.grid,
            automargin: true,
            ...extra,
        };
    }

    function cellWords(found, cell) {
        const {outcome} = found;
        const where = [[found.x, cell.i], [found.y, cell.j]]
            .filter(([side]) => side)
            .map(([side, place]) => `${titled(side.label, side.unit)}: ${side.cells[place]}`);
        const rows = [
            ...where,
            cell.endless ? `${cell.endless.toLocaleString("en-US")} runs without limit, no mean` : `mean ${told(cell.mean, outcome)}`,
            `nine in ten runs: ${told(cell.p05, outcome)} to ${told(cell.p95, outcome)}`,
            `${cell.runs.toLocaleString("en-US")} runs`,
        ];
        if (cell.problems) {
            rows.push(`${cell.problems.toLocaleString("en-US")} of them without numbers`);
        }
        return rows.join("<br>");
    }

    function heat(found, palette) {
        const {x, y, outcome} = found;
        const grid = (filling) => y.cells.map(() => x.cells.map(() => filling));
        const [z, words, texts] = [grid(null), grid("no run here"), grid("")];
        found.cells.forEach((cell) => {
            z[cell.j][cell.i] = cell.mean === null ? null : cell.mean * outcome.factor;
            words[cell.j][cell.i] = cellWords(found, cell);
            texts[cell.j][cell.i] = cell.mean === null ? "" : told(cell.mean, outcome);
        });
        const seen = found.cells.filter((cell) => cell.mean !== null).map((cell) => cell.mean * outcome.factor);
        const [low, high] = [Math.min(...seen), Math.max(...seen)];
        const blue = palette.population[BLUE];
        const amber = palette.population[AMBER];
        let scale = [[0, "#EDF3F8"], [1, blue]];
        if (low < 0 && high > 0) {
            const zero = -low / (high - low);
            scale = [[0, amber], [zero, "#F7F9FA"], [1, blue]];
        }
        const room = width("map");
        const labelled = x.cells.length * y.cells.length <= MOST_TEXTS && x.cells.length <= room / 62;
        const data = [
            {
                type: "heatmap",
                z,
                text: texts,
                customdata: words,
                hovertemplate: "%{customdata}<extra></extra>",
                texttemplate: labelled ? "%{text}" : undefined,
                colorscale: scale,
                zmin: low,
                zmax: high > low ? high : low + 1,
                xgap: 2,
                ygap: 2,
                colorbar: {
                    title: {text: outcome.unit, side: "right", font: {size: 12}},
                    thickness: 12,
                    outlinewidth: 0,
                    tickfont: {size: 12},
                },
            },
        ];
        const narrow = room < NARROW;
        const layout = {
            ...bare({l: 40, r: 8, t: 14, b: 40}),
            xaxis: axis(wrapped(titled(x.label, x.unit), narrow ? 30 : 60), {
                ...ticks(x, narrow ? 5 : 12), showgrid: false, range: [-0.5, x.cells.length - 0.5],
            }),
            yaxis: axis(wrapped(titled(y.label, y.unit), 34), {
                ...ticks(y, 12), showgrid: false, range: [-0.5, y.cells.length - 0.5],
            }),
        };
        return {data, layout};
    }

    /** One lever alone: the mean, and where nine in ten runs lie. */
    function ribbon(found) {
        const {x, outcome} = found;
        const cells = [...found.cells].sort((a, b) => a.i - b.i);
        const at = cells.map((cell) => cell.i);
        const scaled = (key) => cells.map((cell) => (cell[key] === null ? null : cell[key] * outcome.factor));
        const data = [
            {type: "scatter", mode: "lines", x: at, y: scaled("p95"), line: {width: 0}, hoverinfo: "skip"},
            {type: "scatter", mode: "lines", x: at, y: scaled("p05"), line: {width: 0}, fill: "tonexty",
             fillcolor: `${outcome.colour}33`, hoverinfo: "skip"},
            {type: "scatter", mode: "lines+markers", x: at, y: scaled("mean"), line: {color: outcome.colour, width: 2.4},
             customdata: cells.map((cell) => cellWords(found, cell)), hovertemplate: "%{customdata}<extra></extra>"},
        ];
        const layout = {
            ...bare({l: 50, r: 12, t: 14, b: 44}),
            xaxis: axis(wrapped(titled(x.label, x.unit), 44), {...ticks(x, 9), showgrid: false}),
            yaxis: axis(wrapped(outcome.title, 34), {rangemode: "tozero"}),
        };
        return {data, layout};
    }

    function mapNote(found) {
        const runs = found.cells.map((cell) => cell.runs);
        const [low, high] = [Math.min(...runs), Math.max(...runs)];
        const shown = low === high ? low.toLocaleString("en-US") : `${low.toLocaleString("en-US")} to ${high.toLocaleString("en-US")}`;
        const all = found.x.cells.length * (found.y ? found.y.cells.length : 1);
        const holes = all - found.cells.length;
        const endless = found.cells.filter((cell) => cell.endless).length;
        return [
            `${shown} runs in each ${found.x.binned ? "bin" : "cell"}`,
            holes ? `; ${holes} of ${all} have none` : "",
            endless ? `; no mean in ${endless}, where the outcome of some runs has no limit` : "",
            found.y ? "." : "; the band holds nine in ten of them.",
        ].join("");
    }

    function tornado(found, palette) {
        const {outcome, bars, mean} = found;
        const room = width("effects");
        const narrow = room < NARROW;
        const shown = bars.slice(0, 14).reverse();
        const tight = narrow && shown.length > 5;
        const label = (bar) => wrapped(tight ? bar.label : titled(bar.label, bar.unit), narrow ? 19 : 30);
        const names = shown.map(label);
        const data = [["low", palette.population[AMBER], -0.19], ["high", palette.population[BLUE], 0.19]].map(
            ([end, colour, shift]) => ({
                type: "bar",
                orientation: "h",
                y: shown.map((_, row) => row + shift),
                width: 0.34,
                base: mean * outcome.factor,
                x: shown.map((bar) => (bar[end].value === null ? null : (bar[end].value - mean) * outcome.factor)),
                marker: {color: colour},
                error_x: {
                    type: "data",
                    symmetric: false,
                    array: shown.map((bar) => (bar[end].interval[1] === null ? 0 : (bar[end].interval[1] - bar[end].value) * outcome.factor)),
                    arrayminus: shown.map((bar) => (bar[end].interval[0] === null ? 0 : (bar[end].value - bar[end].interval[0]) * outcome.factor)),
                    color: lines.ink,
                    thickness: 1.2,
                    width: 0,
                },
                text: shown.map((bar) => bar[end].at),
                textposition: "none",
                customdata: shown.map((bar) => [
                    titled(bar.label, bar.unit), bar[end].at, told(bar[end].value, outcome),
                    bar[end].interval[0] === null
                        ? "no interval"
                        : `${told(bar[end].interval[0], outcome)} to ${told(bar[end].interval[1], outcome)}`,
                ]),
                hovertemplate: "%{customdata[0]}: %{customdata[1]}<br>mean %{customdata[2]} (%{customdata[3]})<extra></extra>",
            }),
        );
        const reach = shown.flatMap((bar) =>
            ["low", "high"].flatMap((end) => [bar[end].value, ...bar[end].interval]).filter((n) => n !== null),
        ).concat([mean]).map((n) => n * outcome.factor);
        const [low, high] = [Math.min(...reach), Math.max(...reach)];
        // Room for the words beside the bars, in parts of what is drawn.
        const letters = Math.max(...shown.flatMap((bar) => [bar.low.at.length, bar.high.at.length]));
        const part = Math.min((7 * letters + 14) / ((narrow ? 0.5 : 0.62) * room), 0.4);
        const air = (part / (1 - 2 * part)) * (high - low || 1);
        const annotations = shown.flatMap((bar, row) =>
            [["low", -0.19], ["high", 0.19]].filter(([end]) => bar[end].value !== null).map(([end, shift]) => {
                const right = bar[end].value >= mean;
                const edges = [bar[end].value, ...bar[end].interval].filter((n) => n !== null).map((n) => n * outcome.factor);
                return {
                    x: right ? Math.max(...edges) : Math.min(...edges), y: row + shift, text: bar[end].at, showarrow: false,
                    xanchor: right ? "left" : "right", xshift: right ? 4 : -4, font: {size: 11.5, color: lines.muted},
                };
            }),
        );
        const layout = {
            ...bare({l: 60, r: 10, t: 8, b: 44}),
            barmode: "overlay",
            annotations,
            xaxis: axis(wrapped(outcome.title, narrow ? 24 : 60), {range: [low - air, high + air]}),
            yaxis: axis("", {tickvals: shown.map((_, row) => row), ticktext: names, showgrid: false, range: [-0.6, shown.length - 0.4]}),
            shapes: [{type: "line", x0: mean * outcome.factor, x1: mean * outcome.factor, y0: 0, y1: 1, yref: "paper",
                      line: {color: lines.ink, width: 1.3}}],
        };
        return {data, layout};
    }

    function effectsNote(found) {
        const rows = found.indices.map((row) =>
            h("Tr", {}, h("Td", {}, row.label), h("Td", {}, found.measures[row.measure]),
              h("Td", {className: "number"}, minus(String(Number(row.value.toPrecision(3))))),
              h("Td", {className: "number"},
                row.low === null ? "\u2013" : minus(`${Number(row.low.toPrecision(3))} to ${Number(row.high.toPrecision(3))}`))),
        );
        const heads = ["Lever", "Measure", "Value", "90 percent interval"].map((head, place) =>
            h("Th", {scope: "col", className: place > 1 ? "number" : ""}, head),
        );
        return h(
            "Details", {},
            h("Summary", {}, `In words and numbers: ${found.method}`),
            ...found.notes.map((words) => h("P", {}, words)),
            ...found.words.map((words) => h("P", {}, words)),
            h("Div", {className: "runs-scroll"}, h("Table", {}, h("Thead", {}, h("Tr", {}, ...heads)), h("Tbody", {}, ...rows))),
        );
    }

    function histogram(found) {
        const {outcome, edges, counts} = found;
        if (!found.runs) {
            return blank("No run has a finite number of this outcome.");
        }
        const scaled = edges.map((edge) => edge * outcome.factor);
        const middle = counts.map((_, bar) => (scaled[bar] + scaled[bar + 1]) / 2);
        const median = found.quantiles[2] * outcome.factor;
        const data = [
            {
                type: "bar",
                x: middle,
                y: counts,
                width: counts.map((_, bar) => (scaled[bar + 1] - scaled[bar]) * 0.94),
                marker: {color: outcome.colour},
                customdata: counts.map((_, bar) =>
                    (found.counted ? told(middle[bar], outcome) : `${told(edges[bar], outcome)} to ${told(edges[bar + 1], outcome)}`)),
                hovertemplate: "%{customdata}<br>%{y:,} runs<extra></extra>",
            },
        ];
        const layout = {
            ...bare({l: 50, r: 12, t: 14, b: 44}),
            bargap: 0,
            xaxis: axis(wrapped(outcome.title, width("distribution") < NARROW ? 34 : 60), {
                showgrid: false, nticks: 7, ...(found.counted && counts.length <= 12 ? {dtick: 1, tickformat: ",d"} : {}),
            }),
            yaxis: axis("runs", {nticks: 5, tickformat: ",d"}),
            shapes: [{type: "line", x0: median, x1: median, y0: 0, y1: 1, yref: "paper", line: {color: lines.ink, width: 1.4, dash: "dot"}}],
        };
        return {data, layout};
    }

    function spreadNote(found) {
        if (!found.runs) {
            return "";
        }
        const [low, , median, , high] = found.quantiles;
        const count = (number, words) => (number ? ` ${number.toLocaleString("en-US")} ${words}` : "");
        const unit = found.outcome.unit;
        return [
            `Mean ${told(found.mean, found.outcome)}, median ${told(median, found.outcome)}, nine in ten runs `,
            `${told(low, found.outcome)} to ${told(high, found.outcome)} (${unit}); ${found.runs.toLocaleString("en-US")} runs.`,
            count(found.endless, "more have no limit and are left out."),
            count(found.problems, "have no numbers."),
        ].join("");
    }

    function fans(found) {
        const {series, quarters, bands} = found;
        const level = (place) => bands.map((band) => band[place] * series.factor);
        const at = quarters.map((_, place) => place);
        const band = (low, high, alpha) => [
            {type: "scatter", mode: "lines", x: at, y: level(high), line: {width: 0}, hoverinfo: "skip"},
            {type: "scatter", mode: "lines", x: at, y: level(low), line: {width: 0}, fill: "tonexty", fillcolor: `${series.colour}${alpha}`, hoverinfo: "skip"},
        ];
        const words = bands.map((row, place) => {
            const [p05, p25, p50, p75, p95] = row.map((number) => told(number, series));
            return `${quarters[place]}<br>median ${p50}<br>half of the runs: ${p25} to ${p75}<br>nine in ten: ${p05} to ${p95}`;
        });
        const data = [
            ...band(0, 4, "2E"),
            ...band(1, 3, "55"),
            {type: "scatter", mode: "lines", x: at, y: level(2), line: {color: series.colour, width: 2.4}, customdata: words,
             hovertemplate: "%{customdata}<extra></extra>"},
        ];
        const first = quarters.map((quarter, place) => [quarter, place]).filter(([quarter]) => quarter.endsWith("Q1"));
        const few = first.length < 2;
        const marks = few ? quarters.map((quarter, place) => [quarter, place]) : first;
        const step = Math.ceil(marks.length / 8);
        const kept = marks.filter((_, place) => place % step === 0);
        const layout = {
            ...bare({l: 50, r: 24, t: 14, b: 36}),
            xaxis: axis("quarter", {
                tickvals: kept.map(([, place]) => place),
                ticktext: kept.map(([quarter]) => (few ? quarter : quarter.slice(0, 4))),
                range: [-0.2, quarters.length - 0.8],
                showgrid: false,
            }),
            yaxis: axis(wrapped(titled(series.label, series.unit), 34), {rangemode: "tozero", nticks: 6}),
            hovermode: "x",
        };
        return {data, layout};
    }

    window.capflow.sweep = {told, titled, heat, ribbon, mapNote, tornado, effectsNote, histogram, spreadNote, fans};
})();
