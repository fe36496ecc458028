"use strict";
// The dashboard's behaviour: asking, following a job, retrying, signing out, trying a route. No dependencies.
async function csrf() {
  const answer = await fetch("/api/v1/csrf");
  return answer.ok ? (await answer.json()).csrf_token : "";
}
async function send(path, body) {
  const headers = { "X-CSRF-Token": await csrf() };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  return fetch(path, { method: "POST", headers, body: body === undefined ? undefined : JSON.stringify(body) });
}
function step(list, text, kind) {
  for (const item of list.children) item.className = item.className === "problem" ? "problem" : "";
  const item = document.createElement("li");
  item.textContent = text;
  item.className = kind || "now";
  list.append(item);
}
function follow(job, list) {
  return new Promise((done) => {
    const events = new EventSource(`/api/v1/jobs/${job}/events`);
    events.addEventListener("progress", (event) => step(list, JSON.parse(event.data).data.note));
    events.addEventListener("state", (event) => {
      const data = JSON.parse(event.data).data;
      if (data.error) step(list, data.error.message, "problem");
      if (["succeeded", "failed", "cancelled"].includes(data.state)) { events.close(); done(data.state); }
    });
  });
}
const actions = {
  async ask(form) {
    const list = document.querySelector("[data-steps]");
    list.hidden = false;
    list.replaceChildren();
    const answer = await send("/api/v1/playbooks", { ask: form.elements.ask.value });
    const body = await answer.json();
    if (!answer.ok) return step(list, (body.errors || []).map((e) => e.message).join("; ") || body.detail, "problem");
    step(list, "accepted");
    if (await follow(body.id, list) === "succeeded") {
      const job = await (await fetch(`/api/v1/jobs/${body.id}`)).json();
      location.href = `/playbooks/${job.result.playbook}`;
    }
  },
  async retry(button) { await send(`/api/v1/jobs/${button.dataset.job}/retry`); location.reload(); },
  async cancel(button) { await send(`/api/v1/jobs/${button.dataset.job}/cancel`); location.reload(); },
  async logout() { await send("/logout"); location.href = "/login"; },
  async try(form) {
    let path = form.dataset.path;
    const query = new URLSearchParams();
    for (const input of form.querySelectorAll("input")) {
      if (input.dataset.place === "path") path = path.replace(`{${input.name}}`, encodeURIComponent(input.value));
      else if (input.value) query.set(input.name, input.value);
    }
    const headers = { "X-CSRF-Token": await csrf() };
    const body = form.elements.body ? form.elements.body.value : undefined;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const answer = await fetch(path + (query.size ? `?${query}` : ""), { method: form.dataset.method, headers, body });
    const target = form.querySelector("[data-answer]");
    target.hidden = false;
    target.textContent = `${answer.status} ${answer.statusText}\n${await answer.text()}`;
  },
};
async function act(element) {
  const buttons = element.matches("button") ? [element] : element.querySelectorAll("button");
  buttons.forEach((button) => { button.disabled = true; });
  try { await actions[element.dataset.action](element); } finally { buttons.forEach((button) => { button.disabled = false; }); }
}
document.addEventListener("submit", (event) => {
  if (!event.target.dataset.action) return;
  event.preventDefault();
  act(event.target);
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-action]");
  if (button) act(button);
});
for (const time of document.querySelectorAll("time")) {
  const moment = new Date(time.dateTime);
  if (!Number.isNaN(moment.valueOf())) time.textContent = moment.toLocaleString();
}
