/* Pictures as PNG files and links to copy, on every page: one listener for all their buttons.

A page says what its pictures are about with `capflow.picture(name, title)`, which gives the title, a line below it,
and the name of the file. */
(function () {
    window.capflow.picture = (name, title) => [title, "", name];

    async function save(name) {
        const panel = document.getElementById(`panel-${name}`);
        const [title, words, file] = window.capflow.picture(name, panel.querySelector("h2").textContent);
        const graph = panel.querySelector(".__________cytoscape_container");
        window.capflow.save(graph ? drawing(graph) : await plot(panel, title, words), `capflow-${file}.png`);
    }

    function drawing(graph) {
        return graph._cyreg.cy.png({full: true, scale: 2, bg: "#ffffff"});
    }

    function plot(panel, title, words) {
        const shown = panel.querySelector(".js-plotly-plot");
        const text = words ? `${title}<br><span style="font-size:14px">${words}</span>` : title;
        const layout = {
            ...shown.layout,
            title: {text, x: 0.02, font: {size: 18}},
            margin: {...shown.layout.margin, t: 100},
            paper_bgcolor: "#ffffff",
            width: undefined,
            height: undefined,
        };
        return window.Plotly.toImage({data: shown.data, layout}, {format: "png", width: 1200, height: 720, scale: 2});
    }

    async function copy(button) {
        const link = window.location.href;
        try {
            await navigator.clipboard.writeText(link);
            button.textContent = "Copied";
        } catch (error) {
            window.prompt("The link of this page:", link);
        }
    }

    document.addEventListener("click", (event) => {
        const button = event.target.closest("button");
        if (button && button.classList.contains("save-picture")) {
            save(button.dataset.picture);
        } else if (button && button.classList.contains("copy-link")) {
            copy(button);
        }
    });
})();
