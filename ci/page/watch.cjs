// Opens the page in a browser, makes calls, and says what it does not see. Called by ci/page.sh.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { chromium } = require("playwright-core");

const { BROWSER, HUB, ADMIN, REQUESTS, SHOTS } = process.env;
const PATIENCE_MS = 15_000;
const CALLS = [
  ["get-care-documentation.xml", "ok", "passed passed passed passed passed passed passed"],
  ["get-care-documentation-vp004.xml", "VP004", "passed passed passed refused not_reached not_reached passed"],
  ["get-care-documentation-vp007.xml", "VP007", "passed passed passed passed refused not_reached passed"],
  ["get-care-documentation-producer-down.xml", "VP009", "passed passed passed passed passed refused passed"],
];

/** What the page does not show although it should. */
class NotSeen extends Error {}
const expect = (holds, text) => { if (!holds) throw new NotSeen(text); };
const same = (found, expected, what) => expect(found === expected, `${what}: expected "${expected}", found "${found}"`);

const call = async (file) => {
  const body = fs.readFileSync(path.join(REQUESTS, file));
  const answer = await fetch(`${HUB}/vp`, { method: "POST", headers: { "Content-Type": "text/xml; charset=UTF-8" }, body });
  await answer.text();
};

const shot = async (page, name) => {
  if (!SHOTS) return;
  fs.mkdirSync(SHOTS, { recursive: true });
  // Lamps light up one after the other; the picture is of when all are lit.
  await page.waitForTimeout(1800);
  await page.screenshot({ path: path.join(SHOTS, `${name}.png`), fullPage: true });
};

const watch = async (browser, complaints) => {
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  page.on("pageerror", (error) => complaints.push(`script: ${error.message}`));
  page.on("console", (message) => { if (message.type() === "error") complaints.push(`console: ${message.text()}`); });
  await page.goto(`${ADMIN}/`, { waitUntil: "domcontentloaded" });
  await shot(page, "first");
  await page.waitForSelector("#live[data-state=open]");
  // Gone after a reload: proof that there was none.
  await page.evaluate(() => { window.neverReloaded = true; });
  for (const [file, outcome, stages] of CALLS) {
    const before = await page.locator("#calls tbody tr").count();
    await call(file);
    await page.waitForFunction((count) => document.querySelectorAll("#calls tbody tr").length > count, before);
    const row = page.locator("#calls tbody tr").first();
    same(await row.locator(".outcome").innerText(), outcome, `row of ${file}`);
    same(await row.locator(".dots i").evaluateAll((all) => all.map((dot) => dot.classList[0]).join(" ")), stages, `dots of ${file}`);
    expect(await page.evaluate(() => window.neverReloaded === true), "the page was reloaded");
    const link = await row.locator("a").getAttribute("href");
    await look(browser, link, outcome, stages, complaints);
  }
  await shot(page, "list");
  await page.close();
};

const look = async (browser, link, outcome, stages, complaints) => {
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  page.on("console", (message) => { if (message.type() === "error") complaints.push(`console: ${message.text()}`); });
  await page.goto(ADMIN + link);
  same(await page.locator(".stages li").evaluateAll((all) => all.map((stage) => stage.className).join(" ")), stages, `stages of ${link}`);
  if (outcome !== "ok") {
    expect((await page.locator(".fault h2").innerText()).startsWith(outcome), `no fault ${outcome} at ${link}`);
    expect((await page.locator(".fault").innerText()).includes("What to do next"), `no advice at ${link}`);
  }
  await shot(page, `call-${outcome}`);
  await page.close();
};

const variants = async (browser, complaints) => {
  const looks = [["dark", { colorScheme: "dark" }], ["narrow", { viewport: { width: 400, height: 900 } }]];
  for (const [name, options] of looks) {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    await page.goto(`${ADMIN}/?code=VP004`, { waitUntil: "domcontentloaded" });
    await page.waitForSelector("#live[data-state=open]");
    const link = await page.locator("#calls tbody tr a").first().getAttribute("href");
    await shot(page, `list-${name}`);
    for (const target of [link, `/explain?${await question(link)}`]) {
      await page.goto(ADMIN + target);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (wide > 0) complaints.push(`${target} (${name}) is ${wide} pixels too wide`);
      await shot(page, `${target.startsWith("/explain") ? "explain" : "call-VP004"}-${name}`);
    }
    await context.close();
  }
};

const question = async (link) => {
  const call = await (await fetch(`${ADMIN}/api/v1/exchanges/${link.split("/").pop()}`)).json();
  return call.links.explain.split("?")[1];
};

(async () => {
  const browser = await chromium.launch({
    executablePath: BROWSER,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  const complaints = [];
  try {
    await watch(browser, complaints);
    await variants(browser, complaints);
  } catch (error) {
    // What was waited for and did not come is not seen either.
    if (!(error instanceof NotSeen) && error.name !== "TimeoutError") throw error;
    complaints.push(error.message);
  } finally {
    await browser.close();
  }
  complaints.forEach((text) => console.error(`page: ${text}`));
  if (complaints.length > 0) process.exit(1);
  console.log(`page: ${CALLS.length} calls appeared on the open page, with their stages; dark and narrow fit`);
})().catch((error) => {
  console.error(error);
  process.exit(2);
});
