"use strict";
(() => {
  const slider = document.getElementById("minute");
  const clock = document.getElementById("clock");
  const all = document.getElementById("all");
  const play = document.getElementById("play");
  const now = document.getElementById("now");
  const tracks = now.ownerSVGElement.viewBox.baseVal;
  const AFTER = 4; // minutes for which a statement stays lit
  let timer = 0;

  const two = (number) => String(number).padStart(2, "0");

  function show() {
    const minute = Number(slider.value);
    clock.textContent = `${two(Math.floor(minute / 60) % 24)}:${two(minute % 60)}Z`;
    const x = (tracks.width * (minute - Number(slider.min))) / (Number(slider.max) - Number(slider.min));
    now.setAttribute("x1", x);
    now.setAttribute("x2", x);
    document.body.classList.toggle("moving", !all.checked);
    for (const each of document.querySelectorAll("[data-from]")) {
      const from = Number(each.dataset.from);
      const until = Number(each.dataset.until || each.dataset.from);
      const state = minute < from ? "yet" : minute <= until + AFTER ? "lit" : "past";
      each.dataset.state = all.checked ? "lit" : state;
    }
  }

  function stop() {
    clearInterval(timer);
    timer = 0;
    play.setAttribute("aria-pressed", "false");
    play.textContent = "▶ Play";
  }

  play.addEventListener("click", () => {
    if (timer) {
      stop();
      return;
    }
    all.checked = false;
    if (slider.value === slider.max) slider.value = slider.min;
    play.setAttribute("aria-pressed", "true");
    play.textContent = "❚❚ Pause";
    timer = setInterval(() => {
      slider.value = String(Number(slider.value) + 1);
      show();
      if (slider.value === slider.max) stop();
    }, 250);
  });
  slider.addEventListener("input", () => {
    all.checked = false;
    show();
  });
  all.addEventListener("change", show);
  show();
})();
