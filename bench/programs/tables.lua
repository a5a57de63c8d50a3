-- SPDX-License-Identifier: MIT
--
-- tables.lua -- lua: tables of tables, strings built and split, closures, a sieve and a prefix tree. Usage:
-- tables.lua PERCENT. Prints checksums that do not depend on the order of pairs().
local percent = tonumber(arg and arg[1]) or 100
local scale = percent / 100

local function mix(sum, value)
    return (sum * 31 + value) % 1000000007
end

local function points(n)
    local list, sum = {}, 0
    for i = 1, n do
        list[i] = { x = i, y = (i * 7919) % n, name = "p" .. i, tags = { i % 3, i % 5 } }
    end
    table.sort(list, function(a, b) return a.y < b.y or (a.y == b.y and a.x < b.x) end)
    for i = 1, n do sum = mix(sum, list[i].x + #list[i].name + list[i].tags[2]) end
    return sum
end

local function strings(n)
    local parts, sum = {}, 0
    for i = 1, n do parts[#parts + 1] = string.format("%d:%x;%s", i, i * 31, ("ab"):rep(i % 13)) end
    local text = table.concat(parts, ",")
    for word in text:gmatch("[^,]+") do sum = mix(sum, #word) end
    return mix(sum, #text:gsub("%d", "<%0>"))
end

local function prefix_tree(n)
    local root, nodes = {}, 0
    for i = 1, n do
        local node = root
        for digit in tostring((i * 48271) % 2147483647):gmatch(".") do
            if not node[digit] then
                node[digit] = {}
                nodes = nodes + 1
            end
            node = node[digit]
        end
        node.value = function() return i end
    end
    return nodes
end

local function churn(n)
    local ring, sum = {}, 0
    for i = 1, n do
        ring[i % 997 + 1] = { i, tostring(i), { i } }
        sum = mix(sum, #(ring[(i * 7) % 997 + 1] or { 0, "" })[2])
    end
    return sum
end

print("points", points(math.floor(40000 * scale) + 10))
print("strings", strings(math.floor(60000 * scale) + 10))
print("tree", prefix_tree(math.floor(20000 * scale) + 10))
print("churn", churn(math.floor(700000 * scale) + 10))
