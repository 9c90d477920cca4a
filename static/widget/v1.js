/* Referral's signup form for any page: <referral-signup>. The manual is docs/widget.md. */
(() => {
  "use strict";
  const script = document.currentScript
    || document.querySelector('script[data-key][src*="/widget/v1.js"]');
  if (!script || !window.customElements || customElements.get("referral-signup")) return;

  const API = new URL("v1/", script.src);
  const PATIENCE_MS = 8000;
  const KEPT_AS = "referral_token";
  const TOKEN = /^(wom_)?[\w-]{66}$/;
  const SVG = "http://www.w3.org/2000/svg";

  const CSS = `
    :host { display: block; } [hidden] { display: none !important; }
    .box { all: initial; display: block; box-sizing: border-box; max-width: 30em; padding: clamp(1em, 5vw, 1.75em); color-scheme: inherit;
      --surface: var(--referral-surface, light-dark(#fff, #211b20)); --ink: var(--referral-ink, light-dark(#2b1f28, #f1e9ee));
      --soft: var(--referral-soft, light-dark(#665963, #b9abb4)); --sunk: var(--referral-sunk, light-dark(#f8f3ef, #2b242a));
      --accent: var(--referral-accent, light-dark(#6d2a5b, #e0a3cd)); --on-accent: var(--referral-on-accent, light-dark(#fff, #2c1024));
      --edge: light-dark(#8a7c85, #8f7f8a); --rule: light-dark(#e8dfd9, #3a3138); --bad: light-dark(#a3261f, #ffa79c);
      --round: var(--referral-radius, 12px); background: var(--surface); color: var(--ink);
      border: 1px solid var(--rule); border-radius: calc(var(--round) + 4px); overflow-wrap: anywhere;
      font: 16px/1.5 var(--referral-font, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif); }
    :host([theme="light"]) .box { color-scheme: light; } :host([theme="dark"]) .box { color-scheme: dark; }
    * { box-sizing: border-box; }
    h2 { margin: 0; font-size: 1.375em; font-weight: 680; line-height: 1.2; letter-spacing: -.02em; text-wrap: balance; }
    h2:focus { outline: none; }
    p { margin: .5em 0 0; } .soft { color: var(--soft); font-size: .875em; }
    .offer { display: flex; gap: .7em; margin-top: 1em; padding: .75em .9em; background: var(--sunk); border-radius: var(--round); font-weight: 600; }
    .offer svg { flex: none; width: 1.5em; height: 1.5em; color: var(--accent); }
    form { display: grid; gap: 1em; margin-top: 1.25em; }
    label, summary, .label { font-size: .9375em; font-weight: 600; }
    summary { width: fit-content; color: var(--accent); cursor: pointer; padding: .2em 0; }
    details[open] summary { margin-bottom: .5em; }
    input { display: block; width: 100%; min-height: 2.9em; margin-top: .35em; padding: .5em .8em; font: inherit; color: inherit;
      background: var(--surface); border: 1px solid var(--edge); border-radius: var(--round); }
    input[aria-invalid="true"] { border-color: var(--bad); box-shadow: 0 0 0 1px var(--bad); }
    :is(input, button, summary, a):focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
    .error { color: var(--bad); font-size: .875em; margin-top: .35em; } .error:empty, .note:empty, .soft:empty { display: none; }
    button { min-height: 2.9em; padding: .5em 1.2em; font: inherit; font-weight: 640; cursor: pointer; color: var(--on-accent);
      background: var(--accent); border: 1px solid transparent; border-radius: var(--round); }
    button:hover { filter: brightness(1.08); } button[aria-disabled="true"] { cursor: progress; opacity: .75; }
    button.quiet { color: var(--ink); background: transparent; border-color: var(--edge); }
    .row { display: flex; flex-wrap: wrap; gap: .6em; margin-top: .75em; } .row button { flex: 1 1 8em; }
    .link { margin-top: 1.25em; padding-top: 1.25em; border-top: 1px solid var(--rule); }
    .qr { display: block; width: 10em; height: 10em; margin: 1.25em auto; border-radius: var(--round); }
    .code { font-variant-numeric: tabular-nums; font-weight: 640; letter-spacing: .04em; color: var(--ink); }
    a { color: var(--accent); }
    .spoken { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }`;

  /** Return the token this visitor came with; this tab remembers it, nothing else does. */
  function token() {
    const given = new URLSearchParams(location.search).get("ref") || "";
    const own = TOKEN.test(given) ? given : "";
    try {
      if (own) sessionStorage.setItem(KEPT_AS, own);
      const kept = sessionStorage.getItem(KEPT_AS) || "";
      return TOKEN.test(kept) ? kept : "";
    } catch {
      return own; // The browser keeps nothing for this page.
    }
  }

  /** Give the token to the page's own forms that have a place for it. */
  function fillForms() {
    const found = token();
    if (!found) return;
    for (const input of document.querySelectorAll("input[data-referral-token]")) input.value = found;
  }

  /** Make an element; text is only ever text, never markup. */
  function make(name, attributes = {}, ...children) {
    const node = ["svg", "path"].includes(name)
      ? document.createElementNS(SVG, name)
      : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else if (value !== undefined && value !== false) node.setAttribute(key, value === true ? "" : value);
    }
    node.append(...children.filter((child) => child));
    return node;
  }

  /** Ask our server; a status of 0 means that it did not answer in time, or not in words we know. */
  async function ask(path, body) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), PATIENCE_MS);
    const headers = { Authorization: `Bearer ${script.dataset.key || ""}` };
    if (body) headers["Content-Type"] = "application/json";
    try {
      const answer = await fetch(new URL(path, API), {
        method: body ? "POST" : "GET",
        body: body && JSON.stringify(body),
        headers,
        mode: "cors",
        credentials: "omit",
        cache: "no-store",
        referrerPolicy: "no-referrer",
        signal: stop.signal,
      });
      return { status: answer.status, said: await answer.json() };
    } catch {
      return { status: 0, said: {} };
    } finally {
      clearTimeout(timer);
    }
  }

  function field(name, label, attributes) {
    const error = make("p", { class: "error", id: `${name}-error` });
    const input = make("input", { id: name, name, "aria-describedby": error.id, ...attributes });
    input.addEventListener("input", () => complain(input, ""));
    const row = make("div", {}, make("label", { for: name }, label), input, error);
    return { row, input };
  }

  function complain(input, message) {
    input.setAttribute("aria-invalid", String(Boolean(message)));
    input.getRootNode().getElementById(`${input.id}-error`).textContent = message;
  }

  const gift = () => make(
    "svg",
    { viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", "stroke-width": "2", "aria-hidden": "true" },
    make("path", { d: "M3 8h18v4H3zM12 8v13M19 12v9H5v-9M12 8s-1-5-4.5-5a2.5 2.5 0 0 0 0 5M12 8s1-5 4.5-5a2.5 2.5 0 0 1 0 5" }),
  );

  const offer = (words) => make("p", { class: "offer" }, gift(), make("span", {}, words));

  class ReferralSignup extends HTMLElement {
    #parts = {};
    #looks = new Map();
    #isBusy = false;

    connectedCallback() {
      if (this.shadowRoot) return;
      const root = this.attachShadow({ mode: "open" });
      this.#parts.own = make("slot", { hidden: true });
      root.append(this.#parts.own);
      this.#safely(() => this.#begin(root));
    }

    /** Never let a mistake of ours reach the page: at worst its own content is shown. */
    async #safely(act) {
      try {
        await act();
      } catch {
        this.#parts.own.hidden = false;
        this.#tell("unavailable", { status: 0 });
      }
    }

    #tell(name, detail) {
      this.dispatchEvent(new CustomEvent(`referral:${name}`, { detail, bubbles: true, composed: true }));
    }

    async #begin(root) {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(CSS);
      root.adoptedStyleSheets = [sheet];
      root.prepend(this.#draw());
      await this.#open();
    }

    #draw() {
      const parts = this.#parts;
      const send = (event) => {
        event.preventDefault();
        this.#safely(() => this.#send());
      };
      parts.name = field("name", "Your name (optional)", { autocomplete: "name", maxlength: 100 });
      parts.email = field("email", "Your email", { type: "email", autocomplete: "email", required: true, maxlength: 320 });
      parts.code = field("code", "Code", { autocomplete: "off", autocapitalize: "characters", spellcheck: "false", maxlength: 60 });
      parts.code.input.value = this.getAttribute("code") || "";
      parts.code.input.addEventListener("change", () => this.#safely(() => this.#lookAtCode()));
      parts.heading = make("h2", { tabindex: "-1" }, "Sign up");
      parts.intro = make("div");
      parts.details = make("details", { open: Boolean(parts.code.input.value) }, make("summary", {}, "I have a code"), parts.code.row);
      parts.button = make("button", { type: "submit" }, "Sign up");
      parts.note = make("p", { class: "error note", role: "alert" });
      parts.small = make("p", { class: "soft" });
      parts.form = make("form", { novalidate: true, onsubmit: send },
        parts.email.row, parts.name.row, parts.details, parts.note, parts.button, parts.small);
      parts.panel = make("div", { hidden: true });
      parts.spoken = make("p", { class: "spoken", role: "status" });
      return make("section", { class: "box", part: "box", lang: "en" },
        parts.heading, parts.intro, parts.form, parts.panel, parts.spoken);
    }

    /** Ask once for each code what to show. */
    #look(code) {
      if (!this.#looks.has(code)) {
        const asked = new URLSearchParams({ ref: this.getAttribute("ref") || token(), code });
        if (this.#program) asked.set("program", this.#program);
        const answer = ask(`config?${asked}`);
        this.#looks.set(code, answer);
        answer.then(({ status }) => status === 200 || this.#looks.delete(code));
      }
      return this.#looks.get(code);
    }

    get #program() {
      return this.getAttribute("program") || script.dataset.program || "";
    }

    get #code() {
      return this.#parts.code.input.value.trim();
    }

    async #open() {
      const { status, said } = await this.#look(this.#code);
      if (status !== 200) return this.#giveWay(status, said, () => this.#open());
      this.#show(said);
      this.#tell("ready", {
        business: said.business.name,
        program: said.program.id,
        invited: said.invitation.outcome === "referred",
      });
    }

    #show(said) {
      const { heading, intro, small, code, own, panel, form } = this.#parts;
      heading.textContent = said.heading;
      intro.replaceChildren(...[
        said.friend_offer && offer(said.friend_offer.words),
        said.invitation.message && !said.invitation.code_error && make("p", {}, said.invitation.message),
      ].filter(Boolean));
      small.textContent = said.disclosure;
      complain(code.input, said.invitation.code_error || "");
      panel.hidden = own.hidden = true;
      form.hidden = false;
    }

    /** Show what a typed code changes, and return what is wrong with it. */
    async #lookAtCode() {
      const code = this.#code;
      const { status, said } = await this.#look(code);
      if (status !== 200 || code !== this.#code) return "";
      this.#show(said);
      return said.invitation.code_error;
    }

    async #send() {
      if (this.#isBusy) return;
      const { email, name, note } = this.#parts;
      note.textContent = "";
      complain(email.input, this.#emailProblem());
      if (this.#emailProblem()) return email.input.focus();
      this.#setBusy(true);
      try {
        const wrongCode = this.#code && (await this.#lookAtCode());
        if (wrongCode) return this.#complainOf({ code: wrongCode });
        await this.#answer(await ask("signups", {
          email: email.input.value.trim(),
          name: name.input.value.trim() || null,
          program: this.#program || null,
          token: this.getAttribute("ref") || token() || null,
          code: this.#code || null,
        }));
      } finally {
        this.#setBusy(false);
      }
    }

    #emailProblem() {
      const { validity } = this.#parts.email.input;
      if (validity.valueMissing) return "Please enter your email address.";
      return validity.valid ? "" : "This is not a whole email address, such as bob@mail.example.";
    }

    #setBusy(isBusy) {
      const { button, spoken } = this.#parts;
      this.#isBusy = isBusy;
      button.setAttribute("aria-disabled", String(isBusy));
      button.textContent = isBusy ? "Signing up…" : "Sign up";
      if (isBusy) spoken.textContent = "Signing up";
    }

    #answer({ status, said }) {
      if (status === 201) return this.#welcome(said);
      if (status !== 422 && status !== 429) return this.#giveWay(status, said, () => this.#send());
      const errors = Object.fromEntries((said.errors || []).map((one) => [one.field, one.message]));
      this.#complainOf(errors, said.title);
      this.#tell("error", { status, code: said.code, message: said.title });
    }

    /** Put each complaint beside its field, and what has no field above the button. */
    #complainOf(errors, message = "") {
      const fields = ["email", "name", "code"].filter((name) => errors[name]);
      for (const name of fields) complain(this.#parts[name].input, errors[name]);
      if (errors.code) this.#parts.details.open = true;
      if (fields.length) this.#parts[fields[0]].input.focus();
      else this.#parts.note.textContent = message;
      this.#parts.spoken.textContent = "";
    }

    /** Step aside for the page's own way to sign up; what was typed stays. */
    #giveWay(status, said, again) {
      const { form, panel, own, spoken } = this.#parts;
      const hadFocus = form.contains(this.shadowRoot.activeElement);
      const hasOwn = this.childNodes.length > 0;
      const words = hasOwn
        ? "Signing up here does not work at the moment. You can go on below."
        : "Signing up here does not work at the moment. Please try again in a minute.";
      const retry = make("button", { type: "button", class: "quiet", onclick: () => this.#safely(() => this.#retry(again)) }, "Try again");
      panel.replaceChildren(make("p", {}, words), make("div", { class: "row" }, retry));
      form.hidden = true;
      panel.hidden = own.hidden = false;
      spoken.textContent = words;
      if (hadFocus) retry.focus();
      this.#tell("unavailable", { status, code: said.code });
    }

    async #retry(again) {
      const { form, panel, own, heading } = this.#parts;
      panel.hidden = own.hidden = true;
      form.hidden = false;
      heading.focus();
      await again();
    }

    #welcome(said) {
      const { heading, intro, form, panel, spoken } = this.#parts;
      const isInvited = said.invitation.outcome === "referred";
      heading.textContent = "You are signed up";
      intro.replaceChildren();
      panel.replaceChildren(...[
        said.message && make("p", {}, said.message),
        said.link && this.#ownLink(said),
      ].filter(Boolean));
      form.hidden = true;
      panel.hidden = false;
      spoken.textContent = "You are signed up.";
      heading.focus();
      this.#tell("signed-up", { invited: isInvited, program: said.program.id, link: said.link });
    }

    #ownLink({ link, advocate_offer: gain, business, portal_url: portal }) {
      const address = make("input", { id: "own-link", readonly: true, value: link.url, onfocus: () => address.select() });
      const copy = make("button", { type: "button", onclick: () => this.#safely(() => this.#copy(address, copy)) }, "Copy link");
      const share = () => navigator.share({ url: link.url, text: `I like ${business.name}. Perhaps you will too:` }).catch(() => {});
      const { path, size } = link.qr;
      return make("div", { class: "link" },
        make("label", { for: "own-link" }, "Your own link, to pass on"),
        address,
        make("div", { class: "row" }, copy,
          navigator.share && make("button", { type: "button", class: "quiet", onclick: share }, "Share")),
        gain && offer(gain.words),
        make("svg", { class: "qr", viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": "QR code of your link", "shape-rendering": "crispEdges" },
          make("path", { fill: "#fff", d: `M0 0h${size}v${size}H0z` }),
          make("path", { stroke: "#000", d: path })),
        make("p", { class: "soft" }, "Or say your code: ", make("span", { class: "code" }, link.code)),
        make("p", { class: "soft" }, "We have also sent you a link by mail. ",
          make("a", { href: portal, target: "_blank", rel: "noopener" }, "See who came")));
    }

    async #copy(address, button) {
      try {
        await navigator.clipboard.writeText(address.value);
      } catch {
        address.select();
        document.execCommand("copy");
      }
      button.textContent = this.#parts.spoken.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy link"; }, 2000);
    }
  }

  try {
    token();
    customElements.define("referral-signup", ReferralSignup);
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", fillForms);
    fillForms();
    document.addEventListener("submit", fillForms, true);
  } catch {
    // The page goes on without us.
  }
})();
