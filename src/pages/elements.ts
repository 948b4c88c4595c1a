/** The element that the page has by this id, or by this name in a form: a page without it is a broken page. */
export const byId = <Element extends HTMLElement>(
  id: string,
  kind: new () => Element,
  form?: HTMLFormElement,
): Element => {
  const found = form === undefined ? document.getElementById(id) : form.elements.namedItem(id)
  if (found instanceof kind) return found
  throw new Error(`the page has no ${id}`)
}

export const fieldsOf = (form: HTMLFormElement): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...new FormData(form)].flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value] as const] : [],
    ),
  )
