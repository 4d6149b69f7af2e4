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
  -- Outputs' tables come as HTML, which pandoc would drop on the way to Typst.
  if block.text:match("<table") then return pandoc.read(block.text, "html").blocks end
  local box = boxes[block.text:match("^%s*(</?%a+)")]
  if box then return pandoc.RawBlock("typst", box) end
end

function CodeBlock(block)
  if block.classes:includes("output") then
    return { pandoc.RawBlock("typst", "#output["), pandoc.CodeBlock(block.text), pandoc.RawBlock("typst", "]") }
  end
end

-- Text reads from the left; a column of numbers says so itself.
function Table(found)
  for _, column in ipairs(found.colspecs) do
    if column[1] == "AlignDefault" then column[1] = "AlignLeft" end
  end
  return found
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
