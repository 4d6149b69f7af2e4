-- What pandoc's Markdown reader leaves to do for the book.

-- `<details>` folds a solution away on the screen; on paper it is a box with the summary on top.
local boxes = {
  ["<details"] = "#solution[",
  ["</details"] = "]",
  ["<summary"] = "#summary[",
  ["</summary"] = "]",
}

function RawBlock(block)
  if not block.format:match("html") then return end
  -- Outputs' tables and their notes come as HTML, which pandoc would drop on the way to Typst.
  if block.text:match("<table") or block.text:match("^<p>") then return pandoc.read(block.text, "html").blocks end
  local box = boxes[block.text:match("^%s*(</?%a+)")]
  if box then return pandoc.RawBlock("typst", box) end
end

function CodeBlock(block)
  if block.classes:includes("output") then
    return { pandoc.RawBlock("typst", "#output["), pandoc.CodeBlock(block.text), pandoc.RawBlock("typst", "]") }
  end
end

-- A paragraph that announces what follows: it ends with a colon, or is a heading in bold.
function Para(para)
  local last = para.content[#para.content]
  local is_heading = #para.content == 1 and last.t == "Strong"
  local ends_with_colon = last.t == "Str" and (last.text:match(":$") or last.text:match("：$"))
  if is_heading or ends_with_colon then
    return { pandoc.RawBlock("typst", "#leads["), para, pandoc.RawBlock("typst", "]") }
  end
end

-- Text reads from the left; a column of numbers says so itself. Columns are as wide as they need.
function Table(found)
  for i, column in ipairs(found.colspecs) do
    local align = column[1] == "AlignDefault" and "AlignLeft" or column[1]
    found.colspecs[i] = { align, nil }
  end
  return found
end

-- Glossary, sources and provenance are sections of a chapter on the screen, and their own in the book.
function Div(div)
  local apart = { glossary = true, sources = true, provenance = true }
  if not apart[div.classes[1]] then return end
  local raised = div:walk({ Header = function(header)
    header.level = math.max(1, header.level - 1)
    return header
  end })
  -- Without the Div, which would be a box: a page cannot end in a box.
  return raised.content
end

-- The abstract stands before the contents: the template takes it from the metadata.
function Pandoc(doc)
  doc.blocks = doc.blocks:filter(function(block)
    local abstract = block.t == "Div" and block.classes:includes("abstract")
    if abstract then doc.meta.abstract = pandoc.MetaBlocks(block.content) end
    return not abstract
  end)
  return doc
end
