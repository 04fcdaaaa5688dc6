/* The controls that play a history: play, pause, step, and move the slider of quarters. */
window.dash_clientside.transport = {
    seek(clicks, ticks, history, at, most, paused, start) {
        const by = window.dash_clientside.callback_context.triggered_id;
        const same = window.dash_clientside.no_update;
        if (!history) {
            return [same, same, same, same, same];
        }
        const last = history.quarters.length - 1;
        let now = Math.min(at, last);
        let still = paused;
        if (typeof by === "string" && by.endsWith("-document")) {
            if (!this.started) {
                this.started = true;
                const place = history.quarters.indexOf(start);
                now = place >= 0 ? place : last;
            } else if (at === most) {
                now = last;
            }
        } else if (typeof by === "string") {
            now = Math.min(now + 1, last);
            still = now === last;
        } else {
            const move = by.transport;
            still = move === "play" ? !paused : true;
            if (move === "play" && !still && now === last) {
                now = 0;
            }
            now = {first: 0, back: now - 1, forward: now + 1, last}[move] ?? now;
            now = Math.min(Math.max(now, 0), last);
        }
        const years = history.quarters
            .map((quarter, index) => ({value: index, label: quarter.slice(0, 4), first: quarter.endsWith("Q1")}))
            .filter((mark) => mark.first)
            .map(({value, label}) => ({value, label}));
        return [now, last, years, still, still ? "Play" : "Pause"];
    },

    label(at, history) {
        return history ? history.quarters[Math.min(at, history.quarters.length - 1)] : "";
    },
};
