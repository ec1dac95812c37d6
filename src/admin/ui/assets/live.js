// Adds a row to the list of calls as each call finishes, judges messages on the page of a contract, orders runs. Without this file the
// list is complete, but stands still.
"use strict";

(() => {
  const ROWS_MAX = 500;
  const table = document.getElementById("calls");
  const template = document.getElementById("row");
  const live = document.getElementById("live");
  if (!table || !template || !window.EventSource) return;

  const clock = new Intl.DateTimeFormat("sv-SE", {
    timeZone: "Europe/Stockholm", hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3,
  });
  let missed = 0;

  const say = (text, state) => {
    live.dataset.state = state;
    live.textContent = missed ? `${text} ${missed} calls went by too fast to show.` : text;
  };

  // Three digits, as the server writes durations.
  const duration = (micros) => {
    const [value, unit] = micros < 999.5 ? [micros, "µs"] : micros < 999500 ? [micros / 1e3, "ms"] : [micros / 1e6, "s"];
    const decimals = value === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
    return `${value.toFixed(decimals)} ${unit}`;
  };

  const show = (call) => {
    const row = template.content.firstElementChild.cloneNode(true);
    const field = (name) => row.querySelector(`[data-field="${name}"]`);
    field("link").href = `/calls/${call.id}`;
    field("time").textContent = clock.format(new Date(call.started)).replace(",", ".");
    field("time").dateTime = field("time").title = call.started;
    field("outcome").textContent = call.outcome;
    field("outcome").classList.add(call.outcome === "ok" ? "passed" : "refused");
    if (field("platform")) field("platform").textContent = call.platform;
    field("operation").textContent = call.operation ?? "–";
    field("operation").title = call.contract ?? "";
    field("sender").textContent = call.sender ?? "–";
    field("address").textContent = call.address ?? "–";
    field("duration").textContent = duration(call.total_us);
    const refused = call.stages.find((stage) => stage.state === "refused");
    const dots = row.querySelector(".dots");
    dots.title = refused ? `failed at ${refused.name}` : "passed all stages";
    dots.setAttribute("aria-label", dots.title);
    call.stages.forEach((stage, at) => { dots.children[at].className = stage.state; });
    row.classList.add("new");
    table.tBodies[0].prepend(row);
    while (table.tBodies[0].rows.length > ROWS_MAX) table.tBodies[0].lastElementChild.remove();
    table.hidden = false;
    document.getElementById("empty")?.remove();
  };

  const stream = new EventSource(table.dataset.stream);
  stream.addEventListener("open", () => say("Live: calls appear as they finish.", "open"));
  stream.addEventListener("call", (event) => show(JSON.parse(event.data)));
  stream.addEventListener("missed", (event) => {
    missed += Number(event.data);
    say("Live: calls appear as they finish.", "open");
  });
  stream.addEventListener("error", () => {
    const gone = stream.readyState === EventSource.CLOSED;
    say(gone ? "Not live: reload the page to see newer calls." : "Connection lost, trying again…", "lost");
  });
  window.addEventListener("pagehide", () => stream.close());
})();

// Orders what a form asks for, as a document: identities have no place in an address, and are sent in no query.
(() => {
  const form = document.querySelector("form.order");
  if (!form || !window.fetch) return;
  const output = form.querySelector("output");
  form.querySelector("button").disabled = false;

  // What nobody has changed is left as the suite has it.
  const order = () => {
    const body = { suite: form.dataset.suite, data: {}, not_applicable: {} };
    for (const field of form.elements) {
      const [group, name] = [field.dataset.group, field.name];
      if (!name) continue;
      if (field.type === "checkbox") body[name] = field.checked;
      else if (field.value === "" || (group && field.value === field.defaultValue)) continue;
      else if (group) body[group][name] = field.value;
      else body[name] = field.value;
    }
    return body;
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    output.textContent = "…";
    try {
      const answer = await fetch(form.dataset.target, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(order()),
      });
      const told = await answer.json();
      if (answer.ok) window.location.assign(`/qa/runs/${encodeURIComponent(told.id)}`);
      else output.textContent = told.detail ?? `status ${answer.status}`;
    } catch (error) {
      output.textContent = `The platform does not answer: ${error.message}`;
    }
  });
})();

// Holds a message of the reader's against a contract.
(() => {
  const form = document.querySelector("form.judge");
  if (!form || !window.fetch) return;
  const output = form.querySelector("output");

  const told = (report) => {
    if (report.detail) return report.detail;
    if (report.unusable) return `The contract is broken: ${report.unusable}`;
    if (report.valid) return "Valid.";
    const lines = report.errors.map((one) => {
      const fix = one.fix ? `\n    ${one.fix}` : "";
      return `${one.line}:${one.column} ${one.code} ${one.en}\n    ${one.sv}\n    at ${one.path}${fix}`;
    });
    return [`Not valid: ${report.errorCount} ${report.errorCount === 1 ? "error" : "errors"}.`, ...lines].join("\n");
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    output.textContent = "…";
    try {
      const answer = await fetch(form.dataset.target, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ message: form.elements.message.value }),
      });
      output.textContent = told(await answer.json());
    } catch (error) {
      output.textContent = `The platform does not answer: ${error.message}`;
    }
  });
})();
