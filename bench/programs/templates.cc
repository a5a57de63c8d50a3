// SPDX-License-Identifier: MIT
//
// templates.cc -- cc1plus: containers, regular expressions and threads of the toolchain's own headers,
// instantiated whole. PARTS, 1 to 3, says how much of it (1: containers only, about a third of the work).
// Never linked or run.
#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#ifndef PARTS
#define PARTS 3
#endif

template class std::map<std::string, std::vector<int>>;
template class std::unordered_map<std::string, std::shared_ptr<std::string>>;

int count(std::vector<std::string> words)
{
    std::unordered_map<std::string, int> seen;

    std::sort(words.begin(), words.end(),
              [](const auto &a, const auto &b) { return a.size() < b.size() || a < b; });
    for (const auto &word : words)
        seen[word]++;
    return static_cast<int>(
        std::count_if(seen.begin(), seen.end(), [](const auto &one) { return one.second > 1; }));
}

#if PARTS >= 2
#include <deque>
#include <functional>
#include <list>
#include <optional>
#include <set>
#include <variant>

template class std::deque<std::pair<int, std::string>>;
template class std::list<std::string>;
template class std::set<std::vector<std::string>>;
template class std::function<std::string(const std::string &, int)>;
template class std::variant<int, std::string, std::vector<double>, std::map<int, std::string>>;
template class std::optional<std::map<std::string, std::string>>;
#endif

#if PARTS >= 3
#include <future>
#include <memory_resource>
#include <regex>

template class std::basic_regex<char>;
template class std::vector<std::pmr::string, std::pmr::polymorphic_allocator<std::pmr::string>>;

std::string rewrite(const std::string &text)
{
    static const std::regex pattern("([a-z]+)-([0-9]+)", std::regex::extended);
    auto later = std::async([&] { return std::regex_replace(text, pattern, "$2-$1"); });

    return later.get();
}
#endif
