-- SPDX-License-Identifier: MIT
--
-- coroutines.lua -- thousands of coroutines (each a stack of its own that grows by realloc), weak tables,
-- finalizers, both collectors.
local function generator(n)
    return coroutine.wrap(function()
        local function deep(i)
            if i == 0 then
                coroutine.yield(n)
                return 0
            end
            return 1 + deep(i - 1)
        end
        for _ = 1, 3 do coroutine.yield(deep(n % 60)) end
    end)
end

for _, mode in ipairs({ "incremental", "generational" }) do
    collectgarbage(mode)
    local sum, live = 0, {}
    for i = 1, 3000 do
        live[i % 500 + 1] = generator(i)
        for _ = 1, 3 do sum = sum + live[i % 500 + 1]() end
    end
    local finalized, weak = 0, setmetatable({}, { __mode = "k" })
    for i = 1, 20000 do
        weak[setmetatable({ i }, { __gc = function() finalized = finalized + 1 end })] = ("x"):rep(i % 100)
    end
    live = nil
    collectgarbage()
    collectgarbage()
    print(mode, sum, finalized, next(weak) == nil)
end

local parts = {}
for i = 1, 200 do parts[i] = string.pack("<I4s2d", i, ("p"):rep(i), i / 3) end
local packed = table.concat(parts)
print(#packed, select("#", table.unpack({ packed:byte(1, 2000) })), #string.rep(packed, 50))
