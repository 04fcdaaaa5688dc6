/* The live page: fetch a history once, then show any of its quarters. */
(function () {
    const {h, inUnit, change} = window.capflow;
    const same = window.dash_clientside.no_update;
    let latest = 0;

    function failureWords(failed) {
        if (!failed.length) {
            return ["none", "no company and no coin failed"];
        }
        const names = failed.map((event) => event.agent);
        const more = names.length > 3 ? ` and ${names.length - 2} more` : "";
        return [
            (more ? names.slice(0, 2) : names).join(", ") + more,
            `in ${failed[0].quarter}${names.length > 1 ? ", all in that quarter" : ""}`,
        ];
    }

    window.dash_clientside.live = {
        async fetch(query) {
            if (query === null || query === undefined) {
                return [same, same];
            }
            latest += 1;
            const mine = latest;
            document.body.classList.add("busy");
            try {
                // While a lever is dragged no request is sent; one follows when it comes to rest.
                await new Promise((resolve) => setTimeout(resolve, 60));
                if (mine !== latest) {
                    return [same, same];
                }
                const params = new URLSearchParams(query);
                const unchanged = new URLSearchParams({scenario: params.get("scenario")});
                if (params.has("seed")) {
                    unchanged.set("seed", params.get("seed"));
                }
                const requests = [window.capflow.get(`/api/world?${query}`)];
                if (unchanged.toString() !== params.toString()) {
                    requests.push(window.capflow.get(`/api/world?${unchanged}`));
                }
                const [history, base] = await Promise.all(requests);
                if (mine !== latest) {
                    return [same, same];
                }
                return [{...history, base: base || null}, null];
            } catch (error) {
                return mine === latest ? [same, h("P", {className: "alert"}, error.message)] : [same, same];
            } finally {
                if (mine === latest) {
                    document.body.classList.remove("busy");
                }
            }
        },

        head(history, at) {
            if (!history) {
                return [same, same, same, same];
            }
            const now = Math.min(at, history.quarters.length - 1);
            const quarter = history.quarters[now];
            const here = history.world;
            const params = new URLSearchParams(here.query);
            if (now < history.quarters.length - 1) {
                params.set("quarter", quarter);
            }
            window.capflow.show(params.toString());
            document.title = `${here.title} \u00b7 capflow`;
            window.capflow.picture = (name, title) => [
                title,
                `${here.title}, seed ${here.seed}, ${here.turned.length ? params.toString() : "levers as in the scenario"}, ${quarter}`,
                `${here.scenario}-${name}-${quarter}`,
            ];
            const span = `${history.quarters[1] || quarter} to ${history.quarters[history.quarters.length - 1]}`;
            const levers = here.turned.length
                ? `${here.turned.length} lever${here.turned.length > 1 ? "s" : ""} changed`
                : "no lever changed";
            const cards = history.cards.map((card) => {
                const number = card.values[now];
                const before = now > 0 ? card.values[now - 1] : number;
                const base = history.base && history.base.cards.find((other) => other.id === card.id);
                const against = base ? number - base.values[Math.min(now, base.values.length - 1)] : 0;
                const gpus = card.gpus
                    ? `${inUnit(card.gpus[now], "count")} GPUs, ${inUnit(card.share[now], "share")} of all spending on GPUs, `
                    : "";
                const step = ["share", "price"].includes(card.unit) || number === before ? "" : change(number - before, card.unit);
                return h(
                    "Div",
                    {className: `card card-${card.id}`, id: `card-${card.id}`},
                    h("Span", {className: "card-label"}, card.label),
                    h("Strong", {className: "card-value"}, inUnit(number, card.unit)),
                    h("Span", {className: "card-note"}, gpus + card.note),
                    step && h("Span", {className: "card-step"}, `${step} this quarter`),
                    base && Math.abs(against) > (card.unit === "price" ? 5e-4 : 1e-9) && h(
                        "Span", {className: "card-against"}, `${change(against, card.unit)} by the levers`,
                    ),
                );
            });
            const [who, when] = failureWords(history.first_failures);
            cards.push(
                h(
                    "Div",
                    {className: "card", id: "card-first"},
                    h("Span", {className: "card-label"}, "First to fail"),
                    h("Strong", {className: "card-value words"}, who),
                    h("Span", {className: "card-note"}, when),
                ),
            );
            return [
                here.title,
                `${span}, one draw of chance (seed ${here.seed}), ${levers}. ${here.about}`,
                cards,
                `/compare?${here.query}`,
            ];
        },

        events(history, at) {
            if (!history) {
                return same;
            }
            const past = new Set(history.quarters.slice(0, at + 1));
            const rows = history.events.filter((event) => past.has(event.quarter)).reverse();
            if (!rows.length) {
                return h("P", {className: "empty"}, "Nothing so far: no deal, round or failure. Press Play.");
            }
            return h(
                "Ol",
                {},
                rows.map((event) =>
                    h(
                        "Li",
                        {className: `event ${event.kind}`},
                        h("Span", {className: "when"}, event.quarter),
                        h("Span", {}, event.text),
                    ),
                ),
            );
        },

        csv(history, ids) {
            const query = history ? history.world.query : "";
            return ids.map((id) => `/api/${id.csv}.csv?${query}`);
        },
    };
})();
