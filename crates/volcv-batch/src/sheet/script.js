"use strict";
const list = document.querySelector(".cards");
if (list) {
  const cards = [...list.children];
  const [show, order, marks] = ["show", "order", "marks"].map((id) => document.getElementById(id));
  const count = new Map();
  for (const card of cards) count.set(card.dataset.state, (count.get(card.dataset.state) || 0) + 1);
  show.add(new Option(`all ${cards.length}`, ""));
  for (const [state, number] of count) show.add(new Option(`${state} ${number}`, state));
  // What does not show the original comes first, what has no seam last.
  const badness = ({ dataset }) => ("lost" in dataset ? 1e9 : 0) + Number(dataset.seam ?? -1);
  const apply = () => {
    list.append(...(order.value === "seam" ? [...cards].sort((a, b) => badness(b) - badness(a)) : cards));
    let shown = 0;
    for (const card of cards) {
      card.hidden = show.value !== "" && card.dataset.state !== show.value;
      shown += card.hidden ? 0 : 1;
    }
    list.classList.toggle("plain", !marks.checked);
    document.querySelector("output").textContent = `${shown} of ${cards.length} items`;
    try {
      sessionStorage.volcv = JSON.stringify([show.value, order.value, marks.checked]);
    } catch {}
  };
  // The choice holds for the other pages too.
  try {
    const [state, by, marked] = JSON.parse(sessionStorage.volcv);
    if (state !== "" && !count.has(state)) show.add(new Option(`${state} 0`, state));
    [show.value, order.value, marks.checked] = [state, by, marked];
  } catch {}
  for (const control of [show, order, marks]) control.addEventListener("change", apply);
  document.querySelector(".controls").hidden = false;
  apply();
}
