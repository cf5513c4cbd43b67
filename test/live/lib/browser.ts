import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from "playwright-core";
import { run as command } from "../../../tools/lib/process.ts";
import type { Outputs } from "../../../tools/lib/stack.ts";

const dag = "get_stocks_dag";
const tasks = ["get_aapl", "get_amzn", "get_goog", "get_meta", "get_msft", "get_nvda"];
const quiet = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Starts Chromium, installing it if it is missing. */
export async function launch(): Promise<Browser> {
  await command("tools/lib/setup/chromium.sh", [], { show: true });
  const folders = (process.env.PATH ?? "").split(delimiter);
  const executablePath = folders.map((folder) => join(folder, "chromium")).find((file) => existsSync(file));
  // Chromium's sandbox refuses to work for root.
  const chromiumSandbox = process.getuid?.() !== 0;
  return chromium.launch({
    executablePath: executablePath ?? "/usr/bin/chromium",
    chromiumSandbox,
    args: quiet,
  });
}

/** Opens a page in a new context, without cookies of other pages. */
export async function open(browser: Browser, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({
    locale: "en-US",
    timezoneId: "UTC",
    colorScheme: "light",
    ...options,
  });
  return context.newPage();
}

/** Reads a page until it shows the expected value, for up to 60 s. */
async function expectToSee<T>(page: Page, part: string, expected: T, read: () => Promise<T>): Promise<void> {
  const deadline = Date.now() + 60_000;
  // A page cannot be read while it navigates.
  const look = () => read().catch((error: unknown) => String(error));
  let seen = await look();
  while (!isDeepStrictEqual(seen, expected)) {
    if (Date.now() > deadline) {
      const text = (await page.locator("body").innerText()).replace(/\s+/g, " ").slice(0, 500);
      throw new Error(
        `${part} of ${page.url()}: got ${JSON.stringify(seen)}, expected ${JSON.stringify(expected)}; the page shows: ${text}`,
      );
    }
    await sleep(250);
    seen = await look();
  }
}

/** Takes a screenshot once nothing on the page loads. */
export async function picture(page: Page, height: number, file: string): Promise<void> {
  await page.setViewportSize({ width: page.viewportSize()?.width ?? 1400, height });
  const unfinished = page.locator(".chakra-spinner, .chakra-skeleton, [data-scope=toast][data-part=root]");
  await expectToSee(page, "Spinners and toasts", 0, () => unfinished.count());
  await page.screenshot({ path: file, animations: "disabled" });
}

/** Reads the colours of the grid's squares, by task; every shade of green is `green`. */
function colours(squares: Locator): Promise<Record<string, string>> {
  return squares.evaluateAll((elements) => {
    const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    const entries = elements.map((element) => {
      if (!context) throw new Error("Chromium has no canvas");
      context.clearRect(0, 0, 1, 1);
      context.fillStyle = getComputedStyle(element).backgroundColor;
      context.fillRect(0, 0, 1, 1);
      const [red = 0, green = 0, blue = 0, opacity = 0] = context.getImageData(0, 0, 1, 1).data;
      const isGreen = opacity > 200 && green > 80 && green > 2 * red && green > 2 * blue;
      const task = element.closest("[data-task-id]")?.getAttribute("data-task-id");
      return [task, isGreen ? "green" : `rgb(${red}, ${green}, ${blue})`];
    });
    return Object.fromEntries(entries);
  });
}

function all<T>(names: readonly string[], value: T): Record<string, T> {
  return Object.fromEntries(names.map((name) => [name, value]));
}

/** Reads two texts of each row; maps the first to the second. */
function pairs(rows: Locator, first: string, second: string): Promise<Record<string, string>> {
  const read = (elements: Element[], selectors: readonly string[]) =>
    Object.fromEntries(
      elements.map((row) => selectors.map((selector) => row.querySelector(selector)?.textContent?.trim())),
    );
  return rows.evaluateAll(read, [first, second]);
}

/** Fills in the login form that Airflow shows instead of a page. */
export async function signIn(page: Page, { adminUser, adminPassword }: Outputs): Promise<void> {
  await page.getByLabel("Username").fill(adminUser);
  await page.getByLabel("Password").fill(adminPassword);
  await page.getByLabel("Password").press("Enter");
}

async function seeAirflow(browser: Browser, outputs: Outputs, run: string): Promise<void> {
  const page = await open(browser, { viewport: { width: 1500, height: 760 } });
  await page.goto(`${outputs.webserverUrl}/dags/${dag}/runs/${encodeURIComponent(run)}`);
  const errors: string[] = [];
  page.on("response", (answer) => {
    if (answer.status() >= 500) errors.push(`${answer.status()} ${answer.url()}`);
  });
  await signIn(page, outputs);
  const header = page.locator("div:has(> h2)").filter({ has: page.getByRole("heading", { name: run }) });
  await expectToSee(page, "The state of the run", ["Success"], () =>
    header.getByTestId("state-badge").allTextContents(),
  );
  await expectToSee(page, "The table of task instances", all(tasks, "Success"), () =>
    pairs(page.locator("tbody tr"), "a", "[data-testid=state-badge]"),
  );
  const squares = page.locator(`[data-run-id="${run}"] [data-testid=task-state-badge]`);
  const reloads = setInterval(() => {
    // Airflow requests a finished run's squares only once: reload, as a user would, if that request failed.
    page.reload().catch((error: unknown) => errors.push(String(error)));
  }, 15_000);
  const look = () => colours(squares);
  await expectToSee(page, "The run's column of the grid", all(tasks, "green"), look).finally(() =>
    clearInterval(reloads),
  );
  await expectToSee(page, "Errors of the webserver", [], async () => errors);
}

async function seeFlower(browser: Browser, outputs: Outputs): Promise<void> {
  const { flowerUrl, adminUser: username, adminPassword: password } = outputs;
  const page = await open(browser, {
    viewport: { width: 1400, height: 640 },
    httpCredentials: { username, password, origin: flowerUrl },
  });
  await page.goto(`${flowerUrl}/workers`);
  const workers = outputs.workers.map((worker) => `celery@${worker}`);
  await expectToSee(page, "Flower's page of workers", all(workers, "Online"), () =>
    pairs(page.locator("#workers-table tbody tr"), "a", ".badge"),
  );

  await page.goto(`${flowerUrl}/broker`);
  await expectToSee(page, "Flower's page of the broker", { default: "0" }, () =>
    pairs(page.locator("#queue-table tbody tr"), "td:nth-child(1)", "td:nth-child(2)"),
  );
  await expectToSee(page, "Flower's broker URL", ["redis://airflow:**@redis:6379/0"], () =>
    page.getByText("redis://").allTextContents(),
  );
}

async function seeNothing(browser: Browser, { webserverUrl, flowerUrl }: Outputs): Promise<void> {
  const page = await open(browser);
  await page.goto(`${webserverUrl}/dags/${dag}`);
  const login = { path: "/auth/login/", password: true, tasks: false };
  await expectToSee(page, "Airflow without a login", login, async () => ({
    path: new URL(page.url()).pathname,
    password: await page.getByLabel("Password").isVisible(),
    tasks: (await page.content()).includes("get_aapl"),
  }));
  for (const url of [`${webserverUrl}/api/v2/dags`, `${flowerUrl}/workers`, `${flowerUrl}/broker`]) {
    await expectToSee(page, `${url} without a login`, { status: 401, names: null }, async () => {
      const answer = await page.request.get(url);
      return { status: answer.status(), names: (await answer.text()).match(/celery@|default|get_stocks/g) };
    });
  }
}

/**
 * Visits a deployed stack as its administrator, in a real browser.
 * @param run a finished run of the example DAG
 * @throws Error with the content of a page that shows no green run, online workers or empty queue
 */
export async function visit(outputs: Outputs, run: string): Promise<void> {
  const browser = await launch();
  try {
    await seeNothing(browser, outputs);
    await seeAirflow(browser, outputs, run);
    await seeFlower(browser, outputs);
  } finally {
    await browser.close();
  }
}
