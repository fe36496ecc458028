"use strict";
// The dashboard's behaviour: asking, following a job, retrying, pausing, what is live, signing out, trying a route. No dependencies.
async function csrf() {
  const answer = await fetch("/api/v1/csrf");
  return answer.ok ? (await answer.json()).csrf_token : "";
}
async function send(path, body, method = "POST") {
  const headers = { "X-CSRF-Token": await csrf() };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  return fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
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
async function setPaused(button, paused) {
  await send(`/api/v1/queues/${encodeURIComponent(button.dataset.queue)}`, { paused }, "PATCH");
  await renew();
}
function localTimes(root) {
  for (const time of root.querySelectorAll("time")) {
    const moment = new Date(time.dateTime);
    if (!Number.isNaN(moment.valueOf())) time.textContent = moment.toLocaleString();
  }
}
// A part of the page is fetched anew; what is unfolded and what has the focus stays so.
async function renew() {
  const part = document.querySelector("[data-live]");
  if (!part) return location.reload();
  const answer = await fetch(part.dataset.live);
  if (answer.status === 401) { location.href = "/login"; return; }
  if (!answer.ok) return;
  const text = await answer.text();
  const open = new Set([...part.querySelectorAll("details[open]")].map((details) => details.dataset.key));
  const focus = document.activeElement && part.contains(document.activeElement) ? { ...document.activeElement.dataset } : null;
  part.innerHTML = text;
  for (const details of part.querySelectorAll("details")) details.open = open.has(details.dataset.key);
  if (focus && focus.action) {
    [...part.querySelectorAll("[data-action]")].find((one) => one.dataset.action === focus.action
      && one.dataset.job === focus.job && one.dataset.queue === focus.queue)?.focus();
  }
  localTimes(part);
}
// Renewed when something happens, at most once a second, and every five seconds for what only time changes.
function live() {
  let due = true, busy = false, last = Date.now();
  const events = new EventSource("/api/v1/events");
  for (const kind of ["state", "progress", "refused"]) events.addEventListener(kind, () => { due = true; });
  setInterval(async () => {
    if (busy || document.hidden || !(due || Date.now() - last > 5000)) return;
    busy = true;
    due = false;
    last = Date.now();
    try { await renew(); } catch { due = true; } finally { busy = false; }
  }, 1000);
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
  async retry(button) { await send(`/api/v1/jobs/${button.dataset.job}/retry`); await renew(); },
  async cancel(button) { await send(`/api/v1/jobs/${button.dataset.job}/cancel`); await renew(); },
  async discard(button) {
    if (!confirm("Forget this job, its payload and its errors?")) return;
    await send(`/api/v1/jobs/${button.dataset.job}`, undefined, "DELETE");
    await renew();
  },
  async retryAll() {
    if (!confirm("Run all dead letters again?")) return;
    let answer;
    do { answer = await (await send("/api/v1/jobs/retry", {})).json(); } while (answer.more && answer.done > 0);
    await renew();
  },
  async pause(button) { await setPaused(button, true); },
  async resume(button) { await setPaused(button, false); },
  async falseAlarm(button) {
    const reason = prompt("Why is this no finding?");
    if (!reason) return;
    const answer = await send(button.dataset.path, { reason });
    if (answer.ok) location.reload(); else alert((await answer.json()).detail);
  },
  async realAlarm(button) { await send(button.dataset.path, undefined, "DELETE"); location.reload(); },
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
localTimes(document);
if (document.querySelector("[data-live]")) live();
