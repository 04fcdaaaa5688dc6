/* The frame of every page, and the functions that all scripts share: formats of numbers, requests, empty plots. */
window.dash_clientside = window.dash_clientside || {};
// Dash replaces these when it runs the first function; until then scripts need stand-ins.
Object.assign(window.dash_clientside, {
    no_update: {description: "Return to prevent updating an Output."},
    PreventUpdate: {description: "Throw to prevent updating all Outputs."},
});

window.capflow = {
    /** A component of Dash, for outputs named `children`. */
    h(type, props, ...children) {
        const inside = children.flat().filter((child) => child !== null && child !== undefined && child !== false);
        return {type, namespace: "dash_html_components", props: {...props, children: inside}};
    },
    minus(text) {
        return text.replace("-", "\u2212");
    },
    /** A number with three significant digits, or fewer if it is small: 101, 26.2, 1.31, 0.083. */
    amount(number) {
        const size = Math.abs(number);
        if (size >= 999.5 || size === 0) {
            return capflow.minus(Math.round(number).toLocaleString("en-US"));
        }
        const digits = size >= 99.95 ? 0 : size >= 9.95 ? 1 : size >= 0.0995 ? 2 : 3;
        return capflow.minus(number.toFixed(digits));
    },
    /** An amount in USD bn, in words: USD 26.2 bn, USD 83 million. */
    money(number) {
        const size = Math.abs(number);
        if (size >= 0.0995 || size === 0) {
            return `USD ${capflow.amount(number)} bn`;
        }
        if (size >= 1e-4) {
            return capflow.minus(`USD ${Number((number * 1e3).toPrecision(2))} million`);
        }
        return `USD ${capflow.minus(Math.round(number * 1e9).toLocaleString("en-US"))}`;
    },
    percent(share) {
        const size = Math.abs(100 * share);
        if (size === 0 || size >= 9.95) {
            return capflow.minus(`${(100 * share).toFixed(0)}%`);
        }
        return size < 1e-3 ? "<0.001%" : capflow.minus(`${Number((100 * share).toPrecision(2))}%`);
    },
    /** An amount in USD bn for a cell of a table, without the unit; empty if zero. */
    cell(number) {
        return Math.abs(number) >= 5e-4 ? capflow.amount(number) : number === 0 ? "" : "<0.001";
    },
    /** A number in any unit with three significant digits; years have no comma. */
    plain(number) {
        const size = Math.abs(number);
        if (Number.isInteger(number) && size >= 1900 && size < 2200) {
            return String(number);
        }
        return capflow.minus(size >= 1000 ? Math.round(number).toLocaleString("en-US") : String(Number(number.toPrecision(3))));
    },
    /** A number in the unit of a card. */
    inUnit(number, unit) {
        if (number === null) {
            return "\u2013";
        }
        if (unit === "usd_bn") {
            return capflow.money(number);
        }
        if (unit === "share") {
            return capflow.percent(number);
        }
        if (unit === "price") {
            return `USD ${number.toFixed(3)}`;
        }
        return capflow.minus(Math.round(number).toLocaleString("en-US"));
    },
    /** A change, with its sign. */
    change(number, unit) {
        const text = capflow.inUnit(Math.abs(number), unit);
        return `${number < 0 ? "\u2212" : "+"}${text}`;
    },
    /** Fetch a document from the server; throws an error with a message of one line. */
    async get(path) {
        let answer;
        try {
            answer = await fetch(path, {credentials: "same-origin"});
        } catch (error) {
            throw new Error("The server does not answer. Check that `capflow serve` is still running, then reload the page.");
        }
        let content;
        try {
            content = await answer.json();
        } catch (error) {
            throw new Error(`The server answered with ${answer.status} and no explanation.`);
        }
        if (!answer.ok) {
            throw new Error(content.error || `The server answered with ${answer.status}.`);
        }
        return content;
    },
    /** Resolves once the browser has shown the numbers; pictures take longer to draw. */
    painted() {
        return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)));
    },
    /** Change the address without loading the page again. */
    show(query) {
        const search = query ? `?${query}` : "";
        if (search !== window.location.search) {
            window.history.replaceState(window.history.state, "", window.location.pathname + search);
        }
    },
    lines: {
        font: {family: "system-ui, -apple-system, 'Segoe UI', Roboto, Arial, sans-serif", size: 13, color: "#1F2933"},
        muted: "#5B6773",
        grid: "#E4E7EB",
        ink: "#1F2933",
    },
    /** The parts of the layout that all plots share. */
    bare(margin) {
        return {
            font: window.capflow.lines.font,
            margin,
            paper_bgcolor: "rgba(0,0,0,0)",
            plot_bgcolor: "rgba(0,0,0,0)",
            autosize: true,
            hoverlabel: {font: {size: 13}, align: "left"},
            showlegend: false,
        };
    },
    /** A text broken into lines of about `letters` letters. */
    wrapped(text, letters) {
        const rows = [""];
        text.split(" ").forEach((word) => {
            const last = rows.length - 1;
            if (rows[last] && `${rows[last]} ${word}`.length > letters) {
                rows.push(word);
            } else {
                rows[last] = rows[last] ? `${rows[last]} ${word}` : word;
            }
        });
        return rows.join("<br>");
    },
    /** A plot that says why it shows nothing. */
    blank(text) {
        const note = {
            text: window.capflow.wrapped(text, 46), showarrow: false, x: 0.5, y: 0.5, xref: "paper", yref: "paper", font: {size: 15},
        };
        const none = {visible: false};
        return {data: [], layout: {...window.capflow.bare({l: 10, r: 10, t: 10, b: 10}), annotations: [note], xaxis: none, yaxis: none}};
    },
    save(href, name) {
        const link = document.createElement("a");
        link.href = href;
        link.download = name;
        document.body.appendChild(link);
        link.click();
        link.remove();
    },
};

window.dash_clientside.shell = {
    /** Mark in the navigation the page that is shown, and name it in the title of the window. */
    mark(path) {
        const shown = path && path !== "/" ? path.replace(/\/$/, "") : "/";
        document.querySelectorAll("header nav a").forEach((link) => {
            if (link.getAttribute("href") === shown) {
                link.setAttribute("aria-current", "page");
            } else {
                link.removeAttribute("aria-current");
            }
        });
        return shown;
    },
};
