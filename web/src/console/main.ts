/** The console: a client of the public API, and no more. */

import { mount } from "svelte";

import App from "./App.svelte";
import { loadSettings } from "./settings.svelte.js";
import "./theme.css";

loadSettings();
const target = document.getElementById("console");
if (target === null) throw new Error("the page has no #console");
mount(App, { target });
