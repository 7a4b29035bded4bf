%% Files: every operation of module file, and what goes wrong with each. Runs in an empty directory.
-module(files).
-export([main/0]).
-include_lib("kernel/include/file.hrl").

main() ->
    P = fun(T) -> io:format("~p~n", [T]) end,
    P(file:list_dir(".")),
    P(file:write_file("a.txt", "hello\nworld\r\nlast")),
    P(file:read_file("a.txt")),
    P([file:read_file("none"), file:read_file("."), file:read_file("a.txt/x"), file:read_file("a\0b")]),
    P([file:write_file("no/such/dir", "x"), file:write_file(".", "x")]),
    reading(P),
    writing(P),
    modes(P),
    directories(P),
    links(P),
    info(P),
    raw(P),
    owners(P),
    names(P).

reading(P) ->
    {ok, F} = file:open("a.txt", [read]),
    P([file:read_line(F), file:read_line(F), file:read(F, 2), file:read_line(F), file:read_line(F), file:read(F, 1)]),
    P([file:position(F, bof), file:read(F, 3), file:position(F, {cur, -2}), file:read(F, 3), file:position(F, eof),
       file:position(F, {eof, -4}), file:read(F, 10), file:position(F, -1), file:position(F, {cur, -100})]),
    P([file:pread(F, 1, 4), file:pread(F, [{0, 2}, {100, 1}]), file:pread(F, -1, 2)]),
    P([file:close(F), file:close(F), file:read(F, 1)]),
    {ok, B} = file:open("a.txt", [read, binary, raw, read_ahead]),
    P([file:read_line(B), file:read(B, 3), file:position(B, cur), file:read_line(B), file:read_line(B), file:read_line(B)]),
    P([file:close(B), file:read(B, 1), file:close(B)]),
    {ok, U} = file:open("u.txt", [write, read, {encoding, utf8}]),
    P([io:format(U, "~ts~n", [[8364, 960]]), file:position(U, bof), io:get_line(U, ""), io:get_line(U, ""), file:close(U)]),
    P(file:read_file("u.txt")).

writing(P) ->
    {ok, F} = file:open("w.txt", [write]),
    P([file:write(F, ["ab", [<<"cd">>, $e]]), file:pwrite(F, 10, "z"), file:pwrite(F, [{0, "A"}, {5, "B"}]), file:read(F, 1)]),
    P([file:position(F, 8), file:truncate(F), file:sync(F), file:datasync(F), file:close(F)]),
    P(file:read_file("w.txt")),
    {ok, A} = file:open("w.txt", [append]),
    P([file:write(A, "end"), file:close(A)]),
    P(file:read_file("w.txt")),
    {ok, D} = file:open("d.txt", [raw, write, delayed_write]),
    P([[file:write(D, integer_to_list(I)) || I <- lists:seq(1, 5)], file:close(D), file:read_file("d.txt")]),
    P([file:copy("d.txt", "e.txt"), file:copy("none", "e.txt"), file:read_file("e.txt")]),
    Big = [<<I:32>> || I <- lists:seq(1, 20000)],
    P([file:write_file("big", Big), {ok, iolist_to_binary(Big)} =:= file:read_file("big"), filelib:file_size("big")]),
    P([file:write_file("t", [1, 2 | bad]), file:write_file("t", foo), file:open("t", [bogus])]).

modes(P) ->
    P([file:open("none", [read]), file:open("none/x", [write]), file:open("w.txt", [write, exclusive]), file:open(".", [read])]),
    {ok, X} = file:open("x.txt", [exclusive]),
    P([file:write(X, "1"), file:close(X), file:read_file("x.txt")]),
    {ok, RW} = file:open("x.txt", [read, write]),
    P([file:read(RW, 5), file:write(RW, "23"), file:position(RW, 0), file:read(RW, 5), file:close(RW)]),
    {ok, R} = file:open("x.txt", [read]),
    P([file:write(R, "x"), file:close(R)]),
    P([element(1, file:open("dir_not", [directory, raw])), file:advise(R, 0, 0, normal)]).

directories(P) ->
    P([file:make_dir("d"), file:make_dir("d"), file:make_dir("n/o"), file:make_dir("")]),
    P([file:write_file("d/f", "1"), file:del_dir("d"), file:del_dir("none"), file:del_dir("w.txt"), file:delete("d")]),
    P([file:rename("d/f", "d/g"), file:rename("none", "x"), file:rename("d", "w.txt"), file:rename("w.txt", "d"), file:rename("d", "d/sub")]),
    P([file:list_dir("d"), file:list_dir("none"), file:list_dir("w.txt")]),
    {ok, Here} = file:get_cwd(),
    P([file:set_cwd("d"), file:list_dir("."), file:read_file("g"), file:set_cwd("nowhere"), file:set_cwd("g")]),
    {ok, There} = file:get_cwd(),
    P([There =:= filename:join(Here, "d"), file:set_cwd(".."), {ok, Here} =:= file:get_cwd()]),
    P([file:delete("d/g"), file:delete("d/g"), file:del_dir("d"), file:list_dir("d")]),
    P([filelib:ensure_dir("p/q/r/file"), filelib:is_dir("p/q/r"), filelib:is_file("p/q/r"), filelib:is_regular("p/q/r"),
       lists:sort(filelib:wildcard("*.txt")), lists:sort(filelib:wildcard("p/**")), file:del_dir_r("p"), filelib:is_dir("p")]).

links(P) ->
    P([file:make_symlink("a.txt", "link"), file:make_symlink("x", "link"), file:read_link("link"), file:read_link("a.txt"), file:read_link("none")]),
    P([file:read_file("link") =:= file:read_file("a.txt"), file:make_symlink("loop", "loop"), file:read_file("loop"), file:delete("loop")]),
    P([file:make_link("a.txt", "hard"), file:make_link("none", "h2"), file:make_link("a.txt", "hard"), file:read_file("hard") =:= file:read_file("a.txt")]),
    {ok, #file_info{type = T, links = N}} = file:read_link_info("hard"),
    {ok, #file_info{type = T2}} = file:read_link_info("link"),
    {ok, #file_info{type = T3}} = file:read_file_info("link"),
    P([T, N, T2, T3, file:delete("hard"), file:delete("link")]).

info(P) ->
    {ok, I} = file:read_file_info("a.txt", [{time, posix}]),
    P([I#file_info.size, I#file_info.type, I#file_info.access, I#file_info.mode band 8#777 =/= 0, I#file_info.links]),
    P([is_integer(I#file_info.mtime), abs(os:system_time(second) - I#file_info.mtime) < 1000]),
    P([file:change_mode("a.txt", 8#600), mode("a.txt"), file:change_mode("none", 8#600)]),
    P([file:change_time("a.txt", {{2001, 2, 3}, {4, 5, 6}}), mtime("a.txt"), file:change_time("none", {{2001, 2, 3}, {4, 5, 6}})]),
    P([file:write_file_info("a.txt", #file_info{mtime = 1000000000, atime = 1000000001, ctime = 0}, [{time, posix}]), mtime("a.txt")]),
    P([element(1, file:read_file_info(".")), file:read_file_info("none"), file:read_file_info("a.txt/b"), file:read_file_info("")]),
    {ok, F} = file:open("a.txt", [read, raw]),
    {ok, H} = file:read_file_info(F, [{time, posix}]),
    P([H#file_info.size, H#file_info.type, file:close(F)]).

mode(F) -> {ok, #file_info{mode = M}} = file:read_file_info(F), M band 8#777.
mtime(F) -> {ok, #file_info{mtime = T}} = file:read_file_info(F, [{time, universal}]), T.

raw(P) ->
    P([prim_file:open(foo, [read]), prim_file:open("a.txt", foo), prim_file:read_file(17), prim_file:list_dir("none")]),
    {ok, F} = prim_file:open("a.txt", [read, write]),
    P([prim_file:position(F, {foo, 1}), prim_file:position(F, 1 bsl 80), prim_file:pread(F, 1 bsl 70, 1),
       prim_file:advise(F, 0, 0, foo), prim_file:advise(F, 0, 0, will_need), prim_file:allocate(F, 0, -1)]),
    P([prim_file:ipread_s32bu_p32bu(F, 0, 100), prim_file:close(F), prim_file:close(F), prim_file:read(F, 1)]),
    ok = file:write_file("ip", <<3:32, 8:32, "abcdef">>),
    {ok, G} = prim_file:open("ip", [read]),
    P([prim_file:ipread_s32bu_p32bu(G, 0, 100), prim_file:ipread_s32bu_p32bu(G, 0, 2), prim_file:ipread_s32bu_p32bu(G, 10, 2), prim_file:close(G)]).

%% A file ends with its owner, and only the owner may use a raw one.
owners(P) ->
    Self = self(),
    Pid = spawn(fun() -> {ok, F} = file:open("a.txt", [raw]), Self ! {f, F}, receive stop -> ok end end),
    F = receive {f, X} -> X end,
    P(catch file:read(F, 1)),
    R = monitor(process, Pid),
    Pid ! stop,
    receive {'DOWN', R, process, Pid, _} -> ok end,
    {ok, IO} = file:open("a.txt", [read]),
    M = monitor(process, IO),
    spawn(fun() -> ok end),
    exit(IO, kill),
    receive {'DOWN', M, process, IO, Why} -> P(Why) end.

names(P) ->
    Name = [8364, 960, $.],
    P([file:write_file(Name, "x"), file:read_file(unicode:characters_to_binary(Name)), lists:member(Name, element(2, file:list_dir("."))), file:delete(Name)]),
    P([file:write_file(<<"raw", 255>>, "x"), lists:member(<<"raw", 255>>, element(2, file:list_dir_all("."))), file:delete(<<"raw", 255>>)]),
    P([file:write_file('atom.name', "x"), file:read_file(["at", [$o, "m"], '.name']), file:native_name_encoding()]),
    P([file:consult("a.txt"), file:write_file("c", "{a, 1}.\n[b].\n"), file:consult("c"), file:eval("none"), file:script("none")]).
