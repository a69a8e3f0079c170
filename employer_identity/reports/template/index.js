"use strict";
{
  const table = document.getElementById("reports");
  const body = table.tBodies[0];
  const told = document.getElementById("shown");
  const controls = document.getElementById("controls");
  const [search, ...filters] = controls.querySelectorAll("input, select");
  const joined = { "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe" };
  const plain = (text) =>
    text.toUpperCase().toLowerCase().normalize("NFKD")
      .replace(/[\p{M}\p{Cf}]/gu, "").replace(/[øłđæœ]/g, (letter) => joined[letter]);
  const entries = Array.from(body.rows, (row) => ({ row, text: plain(row.cells[0].textContent) }));

  const show = () => {
    const words = plain(search.value).split(/\s+/);
    let shown = 0;
    for (const { row, text } of entries) {
      const fits = words.every((word) => text.includes(word)) &&
        filters.every((filter) => !filter.value || row.dataset[filter.name] === filter.value);
      if (row.hidden === fits) row.hidden = !fits;
      shown += fits;
    }
    const count = shown.toLocaleString(document.documentElement.lang);
    const none = entries.length ? told.dataset.none : "";
    told.textContent = shown ? told.dataset.some.replace("{shown}", count) : none;
  };

  const sort = (head) => {
    const column = head.cellIndex;
    const falling = head.ariaSort ? head.ariaSort === "ascending" : column > 0;
    const value = ({ row }) => parseFloat(row.cells[column]?.dataset.value);
    const known = column ? entries.filter((entry) => !isNaN(value(entry))) : [...entries];
    const rest = column ? entries.filter((entry) => isNaN(value(entry))) : [];
    if (column) known.sort((a, b) => (falling ? value(b) - value(a) : value(a) - value(b)));
    else if (falling) known.reverse();
    body.append(...known.concat(rest).map(({ row }) => row));
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.ariaSort = falling ? "descending" : "ascending";
  };

  for (const head of table.querySelectorAll("th[data-sortable]")) {
    const button = document.createElement("button");
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(head));
    head.append(button);
  }

  const fields = [search, ...filters];
  const read = () => {
    const asked = new URLSearchParams(location.hash.slice(1));
    for (const field of fields) {
      field.value = asked.get(field.name) ?? "";
      if (field.selectedIndex < 0) field.value = "";
    }
    show();
  };
  controls.addEventListener("input", show);
  controls.addEventListener("change", () => {
    const chosen = fields.filter((field) => field.value).map(({ name, value }) => [name, value]);
    history.replaceState(null, "", `#${new URLSearchParams(chosen)}`);
  });
  addEventListener("hashchange", read);
  controls.hidden = false;
  read();
}
