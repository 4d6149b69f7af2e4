-- What pandoc's Markdown reader leaves to do for the book.

-- Tables of outputs come as HTML, which pandoc would drop on the way to Typst.
local function tables(html)
  return pandoc.read(html, "html").blocks
end

local function is_html(block, pattern)
  return block.t == "RawBlock" and block.format:match("html") and block.text:match(pattern)
end

-- `<details>` folds a solution away on the screen; on paper it is a box with the summary on top.
local function details(blocks)
  local out, box = pandoc.List(), nil
  for _, block in ipairs(blocks) do
    if is_html(block, "<details") then
      box = pandoc.List()
      local summary = block.text:match("<summary>(.-)</summary>")
      if summary then box:insert(pandoc.Para{pandoc.Strong(summary)}) end
    elseif box and is_html(block, "<summary>") then
      box:insert(pandoc.Para{pandoc.Strong(block.text:match("<summary>(.-)</summary>") or "")})
    elseif box and is_html(block, "</details>") then
      out:insert(pandoc.RawBlock("typst", "#solution["))
      out:extend(box)
      out:insert(pandoc.RawBlock("typst", "]"))
      box = nil
    else
      (box or out):insert(block)
    end
  end
  return out
end

function CodeBlock(block)
  if block.classes:includes("output") then
    return { pandoc.RawBlock("typst", "#output["), pandoc.CodeBlock(block.text), pandoc.RawBlock("typst", "]") }
  end
end

function RawBlock(block)
  if is_html(block, "<table") then return tables(block.text) end
end

function Pandoc(doc)
  doc.blocks = details(doc.blocks)
  local rest = pandoc.List()
  for _, block in ipairs(doc.blocks) do
    if block.t == "Div" and block.classes:includes("abstract") then
      doc.meta.abstract = pandoc.MetaBlocks(block.content)
    else
      rest:insert(block)
    end
  end
  doc.blocks = rest
  return doc
end
