// The end day of what is chosen, as the server reckoned it for every choice.
const months = document.getElementById("id_months");
const first = document.getElementById("id_first_day");
const shown = document.getElementById("ends-at");
function show() {
  const end = document.querySelector(`#ends [data-first="${first.value}"][data-months="${months.value}"]`);
  shown.querySelector("output").textContent = end ? end.textContent : "";
  shown.hidden = !end;
}
months.addEventListener("change", show);
first.addEventListener("change", show);
show();
