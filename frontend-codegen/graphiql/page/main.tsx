// Starts the page.
import "./style-elements.ts";
import "./workers.ts";

import { createRoot } from "react-dom/client";
import { Page } from "./page.tsx";

const root = document.getElementById("page");
if (root) createRoot(root).render(<Page />);
