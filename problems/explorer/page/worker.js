// In the worker: one request at a time; a later one of its kind makes an earlier one stop.
let latest = 0;
const channel = new MessageChannel();
const waiting = [];
channel.port1.onmessage = () => waiting.shift()();
const turn = () => new Promise((resolve) => { waiting.push(resolve); channel.port2.postMessage(0); });

onmessage = async ({ data }) => {
  if (data.kind !== "box") latest = data.id;
  const pause = async () => { await turn(); return data.id !== latest; };
  const answer = (kind, value) => postMessage({ id: data.id, kind, value });
  try {
    if (data.kind === "box") answer("box", box(data.name, data.p, data.t, data.coordinate));
    if (data.kind === "plane") answer("plane", await plane(data.name, data.p, data.horizontal, data.xs, data.ys, pause));
    if (data.kind === "runs") {
      for (const name of data.names) {
        const made = await course(name, data.p, pause);
        if (!made) return;
        answer("course", made);
      }
      answer("done", null);
    }
  } catch (error) {
    answer("error", error.message);
  }
};
