%% Random searches, bit syntax, maps and terms, by a generator of its own.
-module(random_structures).
-export([main/0]).
r(N) -> S = get(s), S2 = (S*6364136223846793005+1442695040888963407) band 16#FFFFFFFFFFFFFFFF, put(s,S2), (S2 bsr 33) rem N.
rb(Max,Alpha) -> << <<($a+r(Alpha))>> || _ <- lists:seq(1,r(Max)) >>.
rb1(Max,Alpha) -> <<(rb(Max,Alpha))/binary,($a+r(Alpha))>>.
p(F) -> try F() catch C:R -> {caught,C,R} end.
main() -> put(s,42),
  [io:format("~w~n", [{search,I,[erlang:phash2([search() || _ <- lists:seq(1,100)])]}]) || I <- lists:seq(1,15)],
  [io:format("~w~n", [{bits,I,erlang:phash2([bits() || _ <- lists:seq(1,200)])}]) || I <- lists:seq(1,20)],
  [io:format("~w~n", [{maps,I,erlang:phash2(maps(r(200),#{},[]))}]) || I <- lists:seq(1,30)],
  [io:format("~w~n", [{terms,I,erlang:phash2([term_to_binary(term(4)) || _ <- lists:seq(1,100)])}]) || I <- lists:seq(1,20)],
  [io:format("~w~n", [{sizes,I,erlang:phash2([begin T=term(4), T2=binary_to_term(term_to_binary(T)), {T=:=T2,erts_debug:flat_size(T2)} end || _ <- lists:seq(1,100)])}]) || I <- lists:seq(1,20)],
  ok.
search() ->
  H0 = rb(30,3), H = case r(3) of 0 -> <<_:3,X/bitstring>> = <<0:3,H0/binary>>, X; _ -> H0 end,
  Ps = [rb1(5,3) || _ <- lists:seq(1,1+r(5))], 
  O = case r(4) of 0 -> [{scope,{r(20),r(20)-10}}]; _ -> [] end,
  SO = lists:flatten([case r(2) of 0 -> global; _ -> [] end, case r(3) of 0 -> trim; 1 -> trim_all; _ -> [] end, O]),
  R = [p(fun()->binary:match(H,Ps,O) end),p(fun()->binary:matches(H,Ps,O) end),p(fun()->binary:split(H,Ps,SO) end),p(fun()->binary:match(H,hd(Ps),O) end),p(fun()->binary:matches(H,hd(Ps),O) end),p(fun()->binary:split(H,hd(Ps),SO) end),p(fun()->binary:replace(H,Ps,<<"-">>,[global]) end), p(fun()->binary:longest_common_prefix(Ps) end),p(fun()->binary:longest_common_suffix([H|Ps]) end),
   p(fun()->binary:part(H,r(20),r(20)-10) end)], R.
bits() ->
  N = r(130), M = r(70), V = case r(3) of 0 -> r(1000)-500; 1 -> r(1 bsl 30)*r(1 bsl 30)-(1 bsl 58); _ -> (r(1 bsl 30) bsl r(90)) - (1 bsl r(80)) end, K=r(9),
  B = <<0:K,V:N/big,V:N/little,V:M,(V*1.0)/float,(V rem 60000):32/float-little,((V rem 50)):16/float,(abs(V) rem 16#D000)/utf8,(abs(V) rem 16#D000)/utf16-little,1:1>>,
  <<_:K,A1:N/signed-big,A2:N/signed-little,A3:M,A4/float,A5:32/float-little,A6:16/float,A7/utf8,A8/utf16-little,Rest/bitstring>> = B,
  <<_:K,B1:N,B2:N/little,_/bitstring>> = B,
  <<_:K,C1:N/bitstring,C2/bitstring>> = B,
  {B,A1,A2,A3,A4,A5,A6,A7,A8,Rest,B1,B2,C1,C2,[X || <<X:3>> <= B], << <<Y:5>> || <<Y:7>> <= B >>, p(fun() -> <<Z:N/unit:8,_/bits>> = B, Z end), <<B/bitstring,C1/bitstring>>}.
key() -> case r(4) of 0 -> r(60); 1 -> {r(40)}; 2 -> [r(30)]; _ -> r(20)*1.0 end.
maps(0,M,Acc) -> {M,Acc};
maps(N,M,Acc) ->
  K = key(),
  {M2,X} = case r(9) of
    0 -> case maps:take(K,M) of error -> {M,no}; {V,M9} -> {M9,V} end;
    1 -> {p(fun()->maps:update(K,N,M) end),1};
    2 -> O = maps:from_list([{key(),N} || _ <- lists:seq(1,r(60))]), {maps:merge(M,O),maps:size(O)};
    3 -> O = maps:from_list([{key(),N} || _ <- lists:seq(1,r(60))]), {maps:merge(O,M),erts_debug:flat_size(O)};
    4 -> {maps:remove(K,M), maps:find(K,M)};
    5 -> {M, [maps:keys(M),maps:values(M),maps:to_list(M)]};
    6 -> {maps:with(lists:sublist(maps:keys(M),r(80)),M), maps:is_key(K,M)};
    _ -> {maps:put(K,N,M), maps:get(K,M,none)} end,
  M3 = case M2 of caught -> M; {caught,_,_} -> M; _ when is_map(M2) -> M2; _ -> M end,
  maps(N-1,M3,[erlang:phash2({X,maps:to_list(M3),erts_debug:flat_size(M3), M3 =:= maps:from_list(lists:reverse(maps:to_list(M3)))})|Acc]).
term(0) -> case r(10) of 0 -> []; 1 -> r(1000)-500; 2 -> r(1 bsl 30) bsl r(100); 3 -> -(r(1 bsl 30) bsl r(100)); 4 -> r(1000)/7; 5 -> rb(100,26); 6 -> <<(r(100)):(1+r(60))>>; 7 -> ok; 8 -> lists:duplicate(r(10),$a); 9 -> {} end;
term(D) -> case r(6) of 0 -> [term(D-1) || _ <- lists:seq(1,r(6))]; 1 -> list_to_tuple([term(D-1) || _ <- lists:seq(1,r(6))]); 2 -> maps:from_list([{term(D-1),term(D-1)} || _ <- lists:seq(1,r(6))]); 3 -> [term(D-1)|term(D-1)]; 4 -> maps:from_list([{term(0),term(0)} || _ <- lists:seq(1,r(50))]); _ -> term(0) end.
