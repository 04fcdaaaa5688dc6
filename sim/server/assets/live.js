/* The live page: fetch a history, then show any of its quarters without asking again. */
(function () {
    const {h, told, change} = window.capflow;
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
                // Levers that are being dragged ask once, when they rest.
                await new Promise((resolve) => setTimeout(resolve, 60));
                if (mine !== latest) {
                    return [same, same];
                }
                const said = new URLSearchParams(query);
                const plain = new URLSearchParams({scenario: said.get("scenario")});
                if (said.has("seed")) {
                    plain.set("seed", said.get("seed"));
                }
                const asked = [window.capflow.get(`/api/world?${query}`)];
                if (plain.toString() !== said.toString()) {
                    asked.push(window.capflow.get(`/api/world?${plain}`));
                }
                const [world, base] = await Promise.all(asked);
                if (mine !== latest) {
                    return [same, same];
                }
                return [{...world, base: base || null}, null];
            } catch (error) {
                return mine === latest ? [same, h("P", {className: "alert"}, error.message)] : [same, same];
            } finally {
                if (mine === latest) {
                    document.body.classList.remove("busy");
                }
            }
        },

        head(world, at) {
            if (!world) {
                return [same, same, same, same];
            }
            const now = Math.min(at, world.quarters.length - 1);
            const quarter = world.quarters[now];
            const here = world.world;
            const said = new URLSearchParams(here.query);
            if (now < world.quarters.length - 1) {
                said.set("quarter", quarter);
            }
            window.capflow.show(said.toString());
            document.title = `${here.title} \u00b7 capflow`;
            window.capflow.picture = (name, title) => [
                title,
                `${here.title}, seed ${here.seed}, ${here.turned.length ? said.toString() : "levers as in the scenario"}, ${quarter}`,
                `${here.scenario}-${name}-${quarter}`,
            ];
            const span = `${world.quarters[1] || quarter} to ${world.quarters[world.quarters.length - 1]}`;
            const levers = here.turned.length
                ? `${here.turned.length} lever${here.turned.length > 1 ? "s" : ""} changed`
                : "no lever changed";
            const cards = world.cards.map((card) => {
                const number = card.values[now];
                const before = now > 0 ? card.values[now - 1] : number;
                const base = world.base && world.base.cards.find((other) => other.id === card.id);
                const against = base ? number - base.values[Math.min(now, base.values.length - 1)] : 0;
                const gpus = card.gpus
                    ? `${told(card.gpus[now], "count")} GPUs, ${told(card.share[now], "share")} of all spending on GPUs, `
                    : "";
                const step = ["share", "price"].includes(card.unit) || number === before ? "" : change(number - before, card.unit);
                return h(
                    "Div",
                    {className: `card card-${card.id}`, id: `card-${card.id}`},
                    h("Span", {className: "card-label"}, card.label),
                    h("Strong", {className: "card-value"}, told(number, card.unit)),
                    h("Span", {className: "card-note"}, gpus + card.note),
                    step && h("Span", {className: "card-step"}, `${step} this quarter`),
                    base && Math.abs(against) > (card.unit === "price" ? 5e-4 : 1e-9) && h(
                        "Span", {className: "card-against"}, `${change(against, card.unit)} by the levers`,
                    ),
                );
            });
            const [who, when] = failureWords(world.first_failures);
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

        events(world, at) {
            if (!world) {
                return same;
            }
            const past = new Set(world.quarters.slice(0, at + 1));
            const rows = world.events.filter((event) => past.has(event.quarter)).reverse();
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

        csv(world, ids) {
            const query = world ? world.world.query : "";
            return ids.map((id) => `/api/${id.csv}.csv?${query}`);
        },
    };
})();
